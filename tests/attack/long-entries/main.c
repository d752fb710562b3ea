/*
 * One process asks the kernel for the longest that each operation has, with
 * memory and capabilities as a policy may give them (R9). QEMU counts how long
 * each stay in the kernel was.
 */
#include "tests/attack/attack.h"

#define EXIT_PORT 0xf4u
#define RUN       512  /* the most that one call takes */
#define CROWD     4000 /* capabilities */
#define ARENA     0x1800000ul
#define AT        0x200000000ul
#define RW        (MAP_READ | MAP_WRITE)

/* What is made for a moment comes out of here: when all of it has gone, the
 * memory is used again. */
static cap_t arena;
static cap_t slots;

static void must(const char *what, uint64_t status)
{
    if (status != OK)
        attack_error(what, status);
}

static uint64_t make(enum cap_type type, uint64_t size, uint64_t count)
{
    return untyped_retype(arena, type, size, count, 0, slots, 0).status;
}

static void clear(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        captable_delete(STARTUP_CAPTABLE, slots + i);
}

/* Large objects, and as many small ones as a call may ask for. */
static void make_much(void)
{
    static const struct {
        enum cap_type type;
        uint64_t size, count;
    } kinds[] = {
        {CAP_FRAME, PAGE_2M_BITS, 2}, {CAP_CAPTABLE, 14, 1},
        {CAP_THREAD, 0, RUN},         {CAP_ADDRESS_SPACE, 14, 128},
        {CAP_ADDRESS_SPACE, 21, 2},   {CAP_ENDPOINT, 0, RUN},
        {CAP_NOTIFICATION, 0, RUN},   {CAP_SCHED_CONTEXT, 0, RUN},
        {CAP_DOMAIN, 14, 128},        {CAP_DOMAIN, 21, 2},
        {CAP_CAPTABLE, 4, RUN},       {CAP_UNTYPED, 6, RUN},
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        must("make", make(kinds[i].type, kinds[i].size, kinds[i].count));
        clear(kinds[i].count);
    }
    must("untyped", make(CAP_UNTYPED, 0x200000, 1));
    must("space",
         untyped_retype(arena, CAP_ADDRESS_SPACE, 14, 1, 0, slots + 1, 0)
             .status);
    must("donate", space_donate(slots + 1, slots).status);
    clear(2);
}

/* All at once, and each for itself: in pages of a table each. */
static void map_much(cap_t space)
{
    must("frames", make(CAP_FRAME, PAGE_BITS, RUN));
    for (uint64_t at = AT; at < AT + 3 * PAGE_SIZE; at += PAGE_SIZE) {
        must("map", space_map(space, slots, RUN, at, RW).status);
        must("protect", space_protect(space, slots, RUN, MAP_READ).status);
        must("unmap", space_unmap(space, slots, RUN).status);
    }
    for (uint64_t i = 0; i < RUN; i++)
        must("map one",
             memory_map_at(space, slots + i, 1, AT + (i << 21), PAGE_BITS, RW));
    must("protect", space_protect(space, slots, RUN, MAP_READ).status);
    for (uint64_t at = 0; at < AT + (RUN << 21);) {
        struct result r = space_lookup(space, at);

        must("look up", r.status);
        at = r.r[0] + (r.r[2] ? 1ul << r.r[2] : 0);
    }
    must("unmap", space_unmap(space, slots, RUN).status);
    for (uint64_t i = 0; i < RUN; i++)
        must("map one",
             space_map(space, slots + i, 1,
                       AT + ((RUN - 1 - i) << 21) + ((i * 7 % 512) << 12), RW)
                 .status);
    must("unmap backwards", space_unmap(space, slots, RUN).status);
    clear(RUN);
}

static void revoke_much(void)
{
    uint64_t status;
    cap_t first = object_make(CAP_ENDPOINT, 0, &status);
    cap_t deep = object_make(CAP_ENDPOINT, 0, &status);

    must("endpoint", status);
    for (uint64_t i = 0; i < CROWD; i++)
        must("copy",
             captable_copy(STARTUP_CAPTABLE, slots + i, 0, first, RIGHTS_ALL, 0)
                 .status);
    must("revoke", captable_revoke(STARTUP_CAPTABLE, first).status);
    for (cap_t i = 0, from = deep;
         captable_copy(STARTUP_CAPTABLE, slots + i, 0, from, RIGHTS_ALL, 0)
             .status == OK;
         from = slots + i++)
        ;
    must("delete", captable_delete(STARTUP_CAPTABLE, deep).status);
}

/* A table full of Frames that are mapped. */
static void destroy_much(void)
{
    cap_t table = slots, copy = slots + 1, frame = slots + 2;

    must("table", make(CAP_CAPTABLE, 12, 1));
    must("frame",
         untyped_retype(arena, CAP_FRAME, PAGE_BITS, 1, 0, frame, 0).status);
    for (uint64_t i = 1; i < 1ul << 12; i++) {
        must("copy",
             captable_copy(STARTUP_CAPTABLE, copy, 0, frame, RIGHTS_ALL, 0)
                 .status);
        must("map", memory_map_at(STARTUP_SPACE, copy, 1, AT + (i << 12),
                                  PAGE_BITS, RW));
        must("move it", captable_move(table, i, 0, copy).status);
    }
    must("delete", captable_delete(STARTUP_CAPTABLE, table).status);
    must("delete", captable_delete(STARTUP_CAPTABLE, frame).status);
}

/* Timers that all end at once, which nobody waits for. */
static void time_much(void)
{
    uint64_t soon = clock_now() + 20 * NS_PER_MS;

    must("notifications", make(CAP_NOTIFICATION, 0, RUN));
    for (uint64_t i = 0; i < RUN; i++)
        must("timer", notification_timer(slots + i, soon, 10000, 1).status);
    clock_sleep(40 * NS_PER_MS);
    clear(RUN);
}

static cap_t endpoint, reply;
static volatile bool serving;

static void serve(void *unused)
{
    struct message_page *page = message_page();
    static const uint64_t none[4];

    (void)unused;
    page->recv_slot = slots;
    page->recv_count = MSG_MAX_CAPS;
    serving = true;
    endpoint_receive(endpoint, 0, reply, DEADLINE_NEVER);
    for (;;)
        reply_receive(endpoint, TAG(1, MSG_MAX_WORDS, 0), none, reply,
                      DEADLINE_NEVER);
}

static void send_much(void)
{
    struct message_page *page = message_page();
    static const uint64_t none[4];
    uint64_t status;
    unsigned cpu = 0;
    cap_t context = thread_context(&cpu);

    endpoint = object_make(CAP_ENDPOINT, 0, &status);
    reply = object_make(CAP_REPLY, 0, &status);
    if (!thread_create(serve, NULL, 4096, context, cpu, &status))
        attack_error("server", status);
    while (!serving)
        clock_sleep(NS_PER_MS);
    clock_sleep(NS_PER_MS);
    for (unsigned i = 0; i < MSG_MAX_CAPS; i++) {
        page->send_caps[i] = endpoint;
        page->send_rights[i] = RIGHTS_ALL;
    }
    for (unsigned i = 0; i < 4; i++) {
        must("call",
             endpoint_call(endpoint, TAG(1, MSG_MAX_WORDS, MSG_MAX_CAPS), none,
                           DEADLINE_NEVER)
                 .status);
        clear(MSG_MAX_CAPS);
    }
}

int main(void)
{
    const struct startup_cap *exit_port;
    uint64_t status;

    attack_open();
    slots = slot_alloc_run(CROWD);
    arena = slot_alloc();
    must("arena",
         untyped_retype(STARTUP_MEMORY, CAP_UNTYPED, ARENA, 1, 0, arena, 0)
             .status);
    say("send_much");
    send_much();
    say("make_much");
    make_much();
    say("map_much");
    map_much(STARTUP_SPACE);
    say("map_much");
    map_much(object_make(CAP_ADDRESS_SPACE, 21, &status));
    say("map_much");
    map_much(object_make(CAP_DOMAIN, 21, &status));
    say("revoke_much");
    revoke_much();
    say("destroy_much");
    destroy_much();
    say("time_much");
    time_much();
    say("done");
    exit_port = startup_find(STARTUP_PORTS, NULL, 1);
    if (exit_port == NULL)
        attack_error("no port that ends it", 0);
    ports_out(exit_port->slot, EXIT_PORT, 1, 0);
    for (;;) /* QEMU takes a moment */
        ;
}
