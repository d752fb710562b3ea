/*
 * Random system calls (R9, R10) by an ordinary component: one of its threads,
 * with a table of its own full of what a component has, calls every operation
 * with arguments that are often nearly right. It may wreck itself; the main
 * thread then builds it anew, until there were a million calls. The argument is
 * the seed, so a run can be had again.
 */
#include "tests/attack/attack.h"
#include "tests/attack/random.h"

#define CALLS      1000000u
#define EACH       20000 /* calls of one thread, at most */
#define TABLE_BITS 7
#define SLOTS      (1u << TABLE_BITS)
#define ROOM       0x200000ul
#define PAGES_AT   0x30000000ul
#define QUIET      (300 * NS_PER_MS)
#define STUCK      (12 * NS_PER_MS) /* without a call: it has wrecked itself */

static uint64_t state; /* of the thread that runs */
static volatile uint64_t calls;
static volatile bool over;
static struct message_page *page; /* the monkey's */
static cap_t page_frame, room, table, thread, context;
static unsigned cpu;
static uint64_t stack[512] __attribute__((aligned(16)));

static uint64_t next(void)
{
    return random_next(&state);
}

static uint64_t argument(void)
{
    return random_argument(&state, SLOTS, PAGES_AT);
}

static void random_call(void)
{
    uint64_t operation = next() % (OPERATIONS + 1), a[7];

    for (int k = 0; k < 7; k++)
        a[k] = argument();
    /* Deadlines have passed already, or it would just sleep. */
    a[6] = next() % 4 ? DEADLINE_POLL : next() % NS_PER_MS;
    if (operation == OP_NOTIFICATION_WAIT)
        a[0] = DEADLINE_POLL;
    else if (operation == OP_NOTIFICATION_SIGNAL_WAIT)
        a[1] = DEADLINE_POLL;
    else if (next() % 2)
        a[0] = TAG(next(), next() % 5, next() % 3);
    for (int k = 0; k < MSG_MAX_CAPS; k++) {
        page->send_caps[k] = argument();
        page->send_rights[k] = argument();
    }
    page->recv_slot = argument();
    page->recv_count = next() % 5;
    kernel_invoke(operation, next() % SLOTS, a[0], a[1], a[2], a[3], a[4], a[5],
                  a[6]);
    calls++;
}

static void monkey(void)
{
    for (unsigned i = 0; i < EACH; i++)
        random_call();
    over = true;
    for (;;)
        ;
}

static void must(const char *what, uint64_t status)
{
    if (status != OK)
        attack_error(what, status);
}

static void give(cap_t to, cap_t source, unsigned rights)
{
    must("give", captable_copy(table, to, 0, source, rights, 0).status);
}

/* What a component has, and an object of each kind that it can make. */
static void give_capabilities(void)
{
    static const struct {
        enum cap_type type;
        uint64_t bits;
    } kinds[] = {
        {CAP_UNTYPED, 0x40000},  {CAP_ENDPOINT, 0},      {CAP_REPLY, 0},
        {CAP_NOTIFICATION, 0},   {CAP_FRAME, 12},        {CAP_FRAME, 12},
        {CAP_THREAD, 0},         {CAP_SCHED_CONTEXT, 0}, {CAP_CAPTABLE, 5},
        {CAP_ADDRESS_SPACE, 15}, {CAP_DOMAIN, 15},       {CAP_ENDPOINT, 0},
        {CAP_NOTIFICATION, 0},   {CAP_UNTYPED, 0x4000},  {CAP_FRAME, 12},
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        must("make", untyped_retype(room, kinds[i].type, kinds[i].bits, 1,
                                    table, 16 + i, 0)
                         .status);
    give(1, table, RIGHTS_ALL);
    give(2, STARTUP_SPACE, RIGHT_READ);
    give(3, thread, RIGHTS_ALL);
    give(4, context, RIGHTS_ALL);
    give(5, page_frame, RIGHT_READ);
    give(6, service_find("monitor"), RIGHT_WRITE | RIGHT_GRANT);
}

static void build(void)
{
    struct thread_registers registers = {
        .rip = (uintptr_t)monkey,
        .rsp = (uintptr_t)&stack[511],
    };

    must("table",
         untyped_retype(room, CAP_CAPTABLE, TABLE_BITS, 1, 0, table, 0).status);
    must("thread", untyped_retype(room, CAP_THREAD, 0, 1, 0, thread, 0).status);
    give_capabilities();
    must("configure",
         thread_configure(thread, table, STARTUP_SPACE, page_frame, 0, cpu)
             .status);
    must("bind", sched_bind(context, thread).status);
    memcpy(message_page(), &registers, sizeof(registers));
    over = false;
    must("start", thread_write(thread, 1).status);
}

/* Until it is done or has not called for some time. */
static void watch(void)
{
    uint64_t before;

    do {
        before = calls;
        clock_sleep(STUCK);
    } while (!over && calls != before);
}

static void prepare(const char *seed)
{
    struct memory memory;

    state = strtoull(seed, NULL, 0) * 2 + 1; /* never 0 */
    must("page", memory_alloc_sized(PAGE_SIZE, PAGE_BITS, &memory));
    page = memory.address;
    page_frame = memory.frames;
    context = thread_context(&cpu);
    room = slot_alloc();
    table = slot_alloc();
    thread = slot_alloc();
    must("room",
         untyped_retype(STARTUP_MEMORY, CAP_UNTYPED, ROOM, 1, 0, room, 0)
             .status);
}

int main(int argc, char **argv)
{
    uint64_t from, built = 0;

    attack_open();
    prepare(argc > 1 ? argv[1] : "0");
    clock_sleep(50 * NS_PER_MS);
    say("ready");
    ask("located");
    from = clock_now();
    while (clock_now() < from + QUIET)
        ;
    say("quiet %llu %llu", (unsigned long long)from,
        (unsigned long long)clock_now());
    from = clock_now();
    for (; calls < CALLS; built++) {
        build();
        watch();
        must("revoke", captable_revoke(STARTUP_CAPTABLE, room).status);
    }
    say("storm %llu %llu", (unsigned long long)from,
        (unsigned long long)clock_now());
    say("calls %llu in %llu lives", (unsigned long long)calls,
        (unsigned long long)built);
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
