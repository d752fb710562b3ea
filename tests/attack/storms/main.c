/* The argument says which storm. */
#include "tests/attack/storms/storm.h"

static void run(uint64_t time, void (*once)(void))
{
    uint64_t until = clock_after(time);

    /* A pause of a microsecond: to the emulator an access is dear, and to the
     * guest under icount it takes no time. */
    while (clock_now() < until) {
        once();
        for (volatile unsigned i = 0; i < 200; i++)
            ;
    }
}

void storm(uint64_t time, void (*quiet)(void), void (*loud)(void))
{
    uint64_t from;

    run(time, quiet);
    from = clock_now();
    run(time, loud);
    say("storm %llu %llu", (unsigned long long)from,
        (unsigned long long)clock_now());
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    attack_open();
    if (strcmp(what, "interrupts") == 0)
        storm_interrupts(false);
    else if (strcmp(what, "acknowledged") == 0)
        storm_interrupts(true);
    else if (strcmp(what, "requests") == 0)
        storm_requests();
    else if (strcmp(what, "dma") == 0)
        storm_dma();
    else if (strcmp(what, "exceptions") == 0)
        storm_exceptions();
    else if (strcmp(what, "lent") == 0)
        storm_lent();
    else if (strcmp(what, "questions") == 0)
        storm_questions(true);
    else if (strcmp(what, "impatient") == 0)
        storm_questions(false);
    else if (strcmp(what, "messages") == 0)
        storm_messages(false);
    else if (strcmp(what, "capabilities") == 0)
        storm_messages(true);
    else if (strcmp(what, "signals") == 0)
        storm_signals();
    else if (strcmp(what, "timers") == 0)
        storm_timers();
    else if (strcmp(what, "memory") == 0)
        storm_memory();
    else if (strcmp(what, "resets") == 0)
        storm_resets();
    else
        storm_budget();
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
