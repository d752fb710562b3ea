/*
 * Random system calls (R9, R10): a process with a fixed seed and a table full
 * of capabilities of every type calls every operation with arguments that are
 * often nearly right. Whatever it does to itself, the kernel must not fault or
 * hang, and the supervisor, which watches from a table and memory of its own,
 * must not notice. One runs on each CPU; the supervisor rebuilds the process
 * when it has wrecked itself. No call may fail in a way that docs/kernel-api.md
 * does not list for it.
 */
#include "../check.h"
#include "../../attack/random.h"

#define ROUNDS      100   /* processes a CPU */
#define CALLS       20000 /* of one process, at most */
#define SLOTS_BITS  7
#define ROOM        0x400000ul
#define MS          1000000ul
#define SHARED_AT   0x30000000ul
#define MESSAGE_AT  0x30010000ul
#define LOCAL_SLOTS (1u << SLOTS_BITS)

/* Slots in the supervisor's table, one set per CPU. */
enum {
    S_ROOM,
    S_TABLE,
    S_SPACE,
    S_THREAD,
    S_CONTEXT,
    S_MESSAGE,
    S_FRAMES,
    S_COUNT = 64
};
#define SLOT(cpu, what) (2000 + (cap_t)(cpu)*S_COUNT + (what))

struct shared {
    uint64_t seed, calls;
    uint64_t done;
    uint64_t surprise; /* operation << 32 | status that no table lists */
};

/* What may go wrong, from the table of operations. */
#define OPERATION(name, number, types, rights, fast) NUMBER_##name = number,
enum {
#include "dispatch.inc"
};
static const struct {
    uint8_t operation, code, argument;
} listed[] = {
#define ERROR(op, code, name, number, ...) {NUMBER_##op, ERR_##code, number},
#include "errors.inc"
};

static bool is_listed(uint64_t operation, uint64_t status)
{
    uint64_t code = STATUS_CODE(status), argument = STATUS_ARG(status);

    if (status == OK ||
        (argument == 0 && (code == ERR_OPERATION || code == ERR_CAPABILITY ||
                           code == ERR_RIGHTS)))
        return true;
    for (unsigned i = 0; i < sizeof(listed) / sizeof(*listed); i++)
        if (listed[i].operation == operation && listed[i].code == code &&
            listed[i].argument == argument)
            return true;
    return false;
}
static struct shared *shared[8];

static uint64_t argument(uint64_t *state)
{
    return random_argument(state, LOCAL_SLOTS, SHARED_AT);
}

/* Deadlines are always near, or it would just sleep. */
static void random_process(struct shared *mine)
{
    struct message_page *page = (struct message_page *)MESSAGE_AT;
    uint64_t state = mine->seed;

    for (uint64_t i = 0; i < CALLS; i++) {
        uint64_t op = random_next(&state) % (OPERATIONS + 1), a[7];

        for (int k = 0; k < 7; k++)
            a[k] = argument(&state);
        a[6] =
            random_next(&state) % 4 ? DEADLINE_POLL : random_next(&state) % MS;
        if (op == OP_NOTIFICATION_WAIT)
            a[0] = DEADLINE_POLL;
        if (op == OP_NOTIFICATION_SIGNAL_WAIT)
            a[1] = DEADLINE_POLL;
        if (random_next(&state) % 2)
            a[0] = TAG(random_next(&state), random_next(&state) % 5,
                       random_next(&state) % 3);
        for (int k = 0; k < MSG_MAX_CAPS; k++) {
            page->send_caps[k] = argument(&state);
            page->send_rights[k] = argument(&state);
        }
        page->recv_slot = argument(&state);
        page->recv_count = random_next(&state) % 5;
        uint64_t status =
            kernel_invoke(op, random_next(&state) % LOCAL_SLOTS, a[0], a[1],
                          a[2], a[3], a[4], a[5], a[6])
                .status;
        if (!is_listed(op, status))
            mine->surprise = op << 32 | status;
        mine->calls = i + 1;
    }
    mine->done = 1;
    for (;;)
        kernel_invoke(OP_NOTIFICATION_WAIT, 0, 0, 0, 0, 0, 0, 0, 0);
}

static bool ok(const char *what, uint64_t status)
{
    if (status != OK)
        check(what, status, OK);
    return status == OK;
}

/* One object of each kind for the process to play with. */
static void give_objects(unsigned cpu)
{
    static const struct {
        enum cap_type type;
        uint64_t bits;
    } kinds[] = {
        {CAP_ENDPOINT, 0},      {CAP_REPLY, 0},          {CAP_NOTIFICATION, 0},
        {CAP_FRAME, 12},        {CAP_FRAME, 12},         {CAP_THREAD, 0},
        {CAP_SCHED_CONTEXT, 0}, {CAP_ADDRESS_SPACE, 15}, {CAP_CAPTABLE, 5},
        {CAP_DOMAIN, 15},       {CAP_UNTYPED, 0x20000},  {CAP_ENDPOINT, 0},
        {CAP_NOTIFICATION, 0},  {CAP_UNTYPED, 0x4000},
    };

    for (unsigned i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        untyped_retype(SLOT(cpu, S_ROOM), kinds[i].type, kinds[i].bits, 1,
                       SLOT(cpu, S_TABLE), 16 + i, 0);
    captable_copy(SLOT(cpu, S_TABLE), 1, 0, SLOT(cpu, S_TABLE), RIGHTS_ALL, 0);
    captable_copy(SLOT(cpu, S_TABLE), 2, 0, SLOT(cpu, S_SPACE), RIGHTS_ALL, 0);
    captable_copy(SLOT(cpu, S_TABLE), 3, 0, SLOT(cpu, S_THREAD), RIGHTS_ALL, 0);
    captable_copy(SLOT(cpu, S_TABLE), 4, 0, SLOT(cpu, S_CONTEXT), RIGHTS_ALL,
                  0);
}

static uint64_t stack[8][512] __attribute__((aligned(4096)));

static bool build(unsigned cpu, uint64_t seed)
{
    struct thread_registers *r = (struct thread_registers *)message;
    cap_t room = SLOT(cpu, S_ROOM);

    if (!ok("table", untyped_retype(room, CAP_CAPTABLE, SLOTS_BITS, 1, 0,
                                    SLOT(cpu, S_TABLE), 0)
                         .status) ||
        !ok("thread",
            untyped_retype(room, CAP_THREAD, 0, 1, 0, SLOT(cpu, S_THREAD), 0)
                .status) ||
        !ok("context", untyped_retype(room, CAP_SCHED_CONTEXT, 0, 1, 0,
                                      SLOT(cpu, S_CONTEXT), 0)
                           .status) ||
        !ok("space", captable_copy(SLOT_CAPTABLE, SLOT(cpu, S_SPACE), 0,
                                   SLOT_SPACE, RIGHT_READ, 0)
                         .status))
        return false;
    give_objects(cpu);
    shared[cpu]->seed = seed;
    shared[cpu]->done = shared[cpu]->calls = 0;
    if (!ok("configure",
            thread_configure(SLOT(cpu, S_THREAD), SLOT(cpu, S_TABLE),
                             SLOT_SPACE, SLOT(cpu, S_MESSAGE), 0, cpu)
                .status) ||
        !ok("budget", sched_configure(SLOT_SCHED_CONTROL, SLOT(cpu, S_CONTEXT),
                                      10, 5 * MS, 10 * MS, cpu)
                          .status) ||
        !ok("bind",
            sched_bind(SLOT(cpu, S_CONTEXT), SLOT(cpu, S_THREAD)).status))
        return false;
    for (unsigned i = 0; i < sizeof(*r) / 8; i++)
        message->words[i] = 0;
    r->rip = (uint64_t)random_process;
    r->rdi = (uint64_t)shared[cpu];
    r->rsp = (uint64_t)&stack[cpu][510];
    return ok("start", thread_write(SLOT(cpu, S_THREAD), 1).status);
}

/* All that the process was made of goes with its memory. */
static void wreck(unsigned cpu)
{
    ok("revoke the room",
       captable_revoke(SLOT_CAPTABLE, SLOT(cpu, S_ROOM)).status);
    ok("drop the space",
       captable_delete(SLOT_CAPTABLE, SLOT(cpu, S_SPACE)).status);
}

static void prepare(unsigned cpu)
{
    uint64_t at = SHARED_AT + 0x100000ul * (cpu + 1);

    ok("room",
       untyped_retype(ram, CAP_UNTYPED, ROOM, 1, 0, SLOT(cpu, S_ROOM), 0)
           .status);
    ok("frames",
       untyped_retype(ram, CAP_FRAME, 12, 1, 0, SLOT(cpu, S_FRAMES), 0).status);
    ok("message",
       untyped_retype(ram, CAP_FRAME, 12, 1, 0, SLOT(cpu, S_MESSAGE), 0)
           .status);
    ok("map",
       space_map(SLOT_SPACE, SLOT(cpu, S_FRAMES), 1, at, MAP_READ | MAP_WRITE)
           .status);
    if (!cpu)
        ok("map", space_map(SLOT_SPACE, SLOT(cpu, S_MESSAGE), 1, MESSAGE_AT,
                            MAP_READ | MAP_WRITE)
                      .status);
    shared[cpu] = (struct shared *)at;
}

/* Waits until each is done or has come to a stop. */
static void watch(unsigned cpus)
{
    uint64_t before[8] = {0};

    ok("events",
       untyped_retype(ram, CAP_NOTIFICATION, 0, 1, 0, EVENTS, 0).status);
    for (bool moved = true; moved;) {
        moved = false;
        notification_wait(EVENTS, now() + 20 * MS);
        for (unsigned i = 0; i < cpus; i++) {
            moved |= !shared[i]->done && shared[i]->calls != before[i];
            before[i] = shared[i]->calls;
        }
    }
    ok("delete", captable_delete(SLOT_CAPTABLE, EVENTS).status);
}

void run_tests(void)
{
    uint64_t total = 0, state = 0x1234567;
    unsigned cpus = boot->cpus > 8 ? 8 : boot->cpus;

    for (unsigned i = 0; i < cpus; i++)
        prepare(i);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < cpus; i++)
            if (!build(i, random_next(&state)))
                return;
        watch(cpus);
        for (unsigned i = 0; i < cpus; i++) {
            total += shared[i]->calls;
            check("an error that the table lists", shared[i]->surprise, 0);
            wreck(i);
        }
    }
    print_hex(total);
    print(" random calls\n");
    check("the supervisor is unharmed", total > 1000, 1);
}
