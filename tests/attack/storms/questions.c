/*
 * Costly questions to init, from one that has hardly any time of its own: what
 * it cannot pay for, init would.
 */
#include <cordon/monitor.h>

#include "tests/attack/storms/storm.h"

static cap_t monitor;

static void quiet(void)
{
    clock_sleep(NS_PER_MS);
}

static void ask_init(void)
{
    struct monitor_verify verify;

    monitor_verify(monitor, 0, &verify);
}

void storm_questions(void)
{
    monitor = service_find("monitor");
    if (monitor == 0)
        attack_error("monitor", ERR_CAPABILITY);
    say("ready");
    storm(STORM_TIME, quiet, ask_init);
}
