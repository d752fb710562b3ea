/*
 * Costly questions to init, from one that has hardly any time of its own, or
 * that does not wait for the answer: what it does not pay for, init would.
 */
#include <cordon/monitor.h>

#include "tests/attack/storms/storm.h"

#define TOO_SHORT 3000 /* nanoseconds: the question is just about taken */

static cap_t monitor;
static bool waits;

static void quiet(void)
{
    clock_sleep(NS_PER_MS);
}

static void ask_init(void)
{
    const uint64_t component = 0;
    struct message m;

    message_call_words(monitor, &m, MONITOR_VERIFY, 1, &component,
                       clock_after(waits ? NS_PER_S : TOO_SHORT));
}

void storm_questions(bool wait)
{
    waits = wait;
    monitor = service_find("monitor");
    if (monitor == 0)
        attack_error("monitor", ERR_CAPABILITY);
    say("ready");
    storm(STORM_TIME, quiet, ask_init);
}
