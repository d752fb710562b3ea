/*
 * At the highest priority that a policy can give: never waits, and asks for
 * more time than it has.
 */
#include "tests/attack/storms/storm.h"

static void quiet(void)
{
    clock_sleep(NS_PER_MS);
}

/* A scheduling context is set up by who holds SchedControl, which is init. */
static void ask_for_more(void)
{
    for (cap_t control = 1; control < STARTUP_NAMED; control++)
        if (sched_configure(control, STARTUP_SCHED_CONTEXT, 255, NS_PER_S,
                            NS_PER_S, 0)
                .status == OK)
            say("breach: it raised its own budget");
    thread_yield(STARTUP_THREAD);
}

static void spin(void)
{
    for (volatile unsigned i = 0; i < 20000; i++)
        ;
    ask_for_more();
}

void storm_budget(void)
{
    say("ready");
    storm(STORM_TIME, quiet, spin);
}
