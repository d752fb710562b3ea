/*
 * Floods by what every component may do: messages and capabilities to a server
 * that others need, signals, timers that nobody looks at, and all of its memory
 * as kernel objects, as many and as nested as they come.
 */
#include "tests/attack/storms/storm.h"

#define TIMERS    12
#define TIMER_NS  10000 /* the shortest period */
#define IMPATIENT 5000  /* nanoseconds until it gives up */
#define OBJECTS   256

static struct driver kit;
static bool with_caps;
static cap_t slots, arena, signals;

static void quiet(void)
{
    clock_sleep(NS_PER_MS);
}

static void send(void)
{
    static const uint64_t words[4] = {~0ul, 1, 2, 3};
    static uint64_t label;
    uint64_t tag = TAG(label++, MSG_MAX_WORDS, with_caps ? MSG_MAX_CAPS : 0);

    for (unsigned i = 0; i < MSG_MAX_CAPS; i++) {
        message_page()->send_caps[i] = STARTUP_SPACE;
        message_page()->send_rights[i] = RIGHT_READ;
    }
    endpoint_send(kit.pci, tag, words, clock_after(IMPATIENT));
    endpoint_call(kit.pci, tag, words, clock_after(IMPATIENT));
    endpoint_call(kit.pci, tag, words, clock_after(NS_PER_S));
}

void storm_messages(bool caps)
{
    with_caps = caps;
    raw_must("open", driver_open(&kit, NULL));
    say("ready");
    storm(STORM_TIME, quiet, send);
}

static void signal_many(void)
{
    for (unsigned i = 0; i < 100; i++)
        notification_signal(signals);
}

void storm_signals(void)
{
    uint64_t status;

    signals = object_make(CAP_NOTIFICATION, 0, &status);
    raw_must("notification", status);
    say("ready");
    storm(STORM_TIME, quiet, signal_many);
}

/* Once set they cost their owner nothing. */
static void set_timers(void)
{
    static bool set;

    for (unsigned i = 0; !set && i < TIMERS; i++)
        raw_must("timer", notification_timer(slots + i, clock_now() + TIMER_NS,
                                             TIMER_NS, 1)
                              .status);
    set = true;
    clock_sleep(NS_PER_MS);
}

void storm_timers(void)
{
    slots = slot_alloc_run(TIMERS);
    raw_must("notifications", untyped_retype(STARTUP_MEMORY, CAP_NOTIFICATION,
                                             0, TIMERS, 0, slots, 0)
                                  .status);
    say("ready");
    storm(STORM_TIME, quiet, set_timers);
}

/* One kind of object until nothing is left, then the next kind. */
static void exhaust(void)
{
    static const struct {
        enum cap_type type;
        uint64_t size;
    } kinds[] = {
        {CAP_CAPTABLE, 12}, {CAP_CAPTABLE, 4},       {CAP_THREAD, 0},
        {CAP_FRAME, 12},    {CAP_ADDRESS_SPACE, 14}, {CAP_DOMAIN, 14},
        {CAP_ENDPOINT, 0},  {CAP_SCHED_CONTEXT, 0},  {CAP_NOTIFICATION, 0},
    };
    static unsigned kind;
    cap_t made = 0, from = arena;

    while (made < OBJECTS &&
           untyped_retype(arena, kinds[kind].type, kinds[kind].size, 1, 0,
                          slots + made, 0)
                   .status == OK)
        made++;
    /* As deep as it goes. */
    for (from = slots; made > 0 && made < OBJECTS; from = slots + made++)
        if (captable_copy(STARTUP_CAPTABLE, slots + made, 0, from, RIGHTS_ALL,
                          0)
                .status != OK)
            break;
    captable_revoke(STARTUP_CAPTABLE, arena);
    kind = (kind + 1) % (sizeof(kinds) / sizeof(*kinds));
}

void storm_memory(void)
{
    uint64_t status;

    slots = slot_alloc_run(OBJECTS);
    if (slots == 0)
        attack_error("slots", ERR_LIMIT);
    arena = object_make(CAP_UNTYPED, 19, &status);
    raw_must("memory", status);
    say("ready");
    storm(STORM_TIME, quiet, exhaust);
}
