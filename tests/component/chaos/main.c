/*
 * Kills a driver again and again while others depend on it
 * (tests/boot/test_system.py). Arguments: its name, how often, and how many
 * milliseconds lie between two kills, at least: it is at work again first. (Who
 * asks gives up a request that has lost two drivers.)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cordon/cordon.h>
#include <cordon/monitor.h>

#define START_MS 1500 /* let the shell begin its command */
#define AT_WORK  64u  /* interrupts in this life */

static int find(cap_t monitor, const char *name, uint32_t *number)
{
    struct monitor_component c;

    for (*number = 0; monitor_component(monitor, *number, &c) == 0; ++*number)
        if (strcmp(c.name, name) == 0)
            return 0;
    return -1;
}

static bool at_work(cap_t monitor, uint32_t number)
{
    struct monitor_component c;

    return monitor_component(monitor, number, &c) == 0 &&
           c.state == MONITOR_RUNNING && c.interrupt_count >= AT_WORK;
}

int main(int argc, char **argv)
{
    cap_t monitor = service_find("monitor");
    uint32_t number;

    if (argc != 4 || monitor == 0 || find(monitor, argv[1], &number) != 0)
        return 1;
    clock_sleep(START_MS * NS_PER_MS);
    for (long i = strtol(argv[2], NULL, 10); i > 0; i--) {
        while (!at_work(monitor, number))
            clock_sleep(NS_PER_MS);
        monitor_kill(monitor, number);
        clock_sleep((uint64_t)strtol(argv[3], NULL, 10) * NS_PER_MS);
    }
    printf("done\n");
    clock_sleep_until(DEADLINE_NEVER);
}
