/*
 * Commands that need nothing but the shell: help, time, and leaving.
 */
#include "commands.h"

#include <cordon/cordon.h>
#include <cordon/monitor.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "servers/console/table.h"
#include "servers/console/uart.h"

#define SLEEP_STEP (50 * NS_PER_MS) /* between looks for Ctrl-C */

#define STATUS_MAX 127

static int help_one(const char *name)
{
    const struct command *c = command_find(name);

    if (!c)
        return shell_fail(name, "no such command");
    printf("%s%s%s\n", c->name, *c->arguments ? " " : "", c->arguments);
    if (c->text)
        printf("    %s\n", c->text);
    return SHELL_OK;
}

static int do_help(int argc, char **argv)
{
    static struct table t;

    if (argc > 2)
        return shell_usage();
    if (argc == 2)
        return help_one(argv[1]);
    command_table(&t, "command|what it does");
    for (unsigned i = 0; command_tables[i]; i++)
        for (const struct command *c = command_tables[i]; c->name; c++) {
            if (!c->text)
                continue;
            table_add(&t, "%s%s%s", c->name, *c->arguments ? " " : "",
                      c->arguments);
            table_add(&t, "%s", c->text);
        }
    table_print(&t);
    printf("\nKeys: Tab completes, arrows move and bring earlier lines back, "
           "Ctrl-A/E/U/K/W/Y\nedit, Ctrl-C interrupts. `;` separates "
           "commands, quotes keep blanks.\n");
    return SHELL_OK;
}

static int do_echo(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        printf("%s%s", i > 1 ? " " : "", argv[i]);
    printf("\n");
    return SHELL_OK;
}

static int do_clear(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return shell_usage();
    printf("\x1b[H\x1b[2J");
    return SHELL_OK;
}

static int do_uptime(int argc, char **argv)
{
    char text[32];

    (void)argv;
    if (argc > 1)
        return shell_usage();
    printf("%s\n", format_time(text, sizeof(text), clock_now()));
    return SHELL_OK;
}

static int do_date(int argc, char **argv)
{
    time_t now = (time_t)(clock_wall() / NS_PER_S);
    struct tm tm;
    char text[64];

    (void)argv;
    if (argc > 1)
        return shell_usage();
    gmtime_r(&now, &tm);
    strftime(text, sizeof(text), "%a %Y-%m-%d %H:%M:%S UTC", &tm);
    printf("%s\n", text);
    return SHELL_OK;
}

static int do_status(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return shell_usage();
    printf("%d\n", shell_status());
    return SHELL_OK;
}

/* Ctrl-C ends it early. */
static int do_sleep(int argc, char **argv)
{
    char *end = "";
    double seconds = argc == 2 ? strtod(argv[1], &end) : -1;
    uint64_t deadline;

    if (*end || !(seconds >= 0) || seconds > 86400)
        return shell_usage();
    deadline = clock_after((uint64_t)(seconds * 1e9));
    while (clock_now() < deadline && !shell_interrupted())
        clock_sleep(deadline - clock_now() < SLEEP_STEP ? deadline - clock_now()
                                                        : SLEEP_STEP);
    return SHELL_OK;
}

/* The words behind the first as one command line again, for shell_run(). */
static void join(char *line, size_t room, int argc, char **argv)
{
    size_t n = 0;

    line[0] = 0;
    for (int i = 1; i < argc && n + 4 < room; i++) {
        line[n++] = '\'';
        for (const char *p = argv[i]; *p && n + 8 < room; p++) {
            if (*p == '\'') { /* close, a quoted quote, open again */
                memcpy(line + n, "'\\''", 4);
                n += 4;
            } else {
                line[n++] = *p;
            }
        }
        line[n++] = '\'';
        line[n++] = ' ';
        line[n] = 0;
    }
}

static int do_time(int argc, char **argv)
{
    char line[2048], text[32];
    uint64_t start = clock_now();
    int status;

    if (argc < 2)
        return shell_usage();
    join(line, sizeof(line), argc, argv);
    status = shell_run(line);
    printf("time: %s\n", format_time(text, sizeof(text), clock_now() - start));
    return status;
}

/* Everything must be on the wire, and on the disk, before the machine goes. A
 * disk that fails keeps nobody here. */
static void drain(void)
{
    struct files *files = service_find("files") ? shell_files_quietly() : NULL;

    if (files && files->may_write && files_sync(files, 0))
        printf("the last changes could not be written to the disk\n");
    fflush(stdout);
    uart_flush(2 * NS_PER_S);
}

static int power(uint32_t status)
{
    cap_t service = command_service("power");

    if (!service)
        return SHELL_FAILED;
    drain();
    power_off(service, status);
    return shell_fail(NULL, "the machine did not go off");
}

static int do_poweroff(int argc, char **argv)
{
    char *end = "";
    unsigned long status = argc > 1 ? strtoul(argv[1], &end, 10) : 0;

    if (argc > 2 || *end || status > STATUS_MAX)
        return shell_usage();
    return power((uint32_t)status);
}

static int do_reboot(int argc, char **argv)
{
    cap_t service = command_service("power");

    (void)argv;
    if (argc > 1)
        return shell_usage();
    if (!service)
        return SHELL_FAILED;
    drain();
    power_reset(service);
    return shell_fail(NULL, "the machine did not restart");
}

/* What `make run CMD=...` types: all that follows on the line is the command.
 * No colours, and the status goes with us; the emulator's has seven bits. */
static int do_run_and_exit(int argc, char **argv)
{
    const char *rest = shell_take_rest();
    char line[2048];
    int status;

    if (argc < 2)
        return shell_usage();
    shell_set_colour(0);
    join(line, sizeof(line), argc, argv);
    status = shell_run(line);
    if (*rest && !shell_interrupted())
        status = shell_run(rest);
    return power((uint32_t)(status > STATUS_MAX ? STATUS_MAX : status));
}

const struct command commands_basic[] = {
    {"help", "[COMMAND]", "this list, or one line of it", do_help,
     COMMAND_COMMANDS},
    {"echo", "WORD...", "print the words", do_echo, COMMAND_NO_WORDS},
    {"sleep", "SECONDS", "wait", do_sleep, COMMAND_NO_WORDS},
    {"status", "", "exit status of the last command", do_status,
     COMMAND_NO_WORDS},
    {"time", "COMMAND...", "run a command and say how long it took", do_time,
     COMMAND_COMMANDS},
    {"date", "", "the date and time", do_date, COMMAND_NO_WORDS},
    {"uptime", "", "time since the machine started", do_uptime,
     COMMAND_NO_WORDS},
    {"clear", "", "clear the screen", do_clear, COMMAND_NO_WORDS},
    {"poweroff", "[STATUS]", "switch the machine off", do_poweroff,
     COMMAND_NO_WORDS},
    {"reboot", "", "restart the machine", do_reboot, COMMAND_NO_WORDS},
    {"run-and-exit", "COMMAND...", NULL, do_run_and_exit, COMMAND_COMMANDS},
    {0},
};
