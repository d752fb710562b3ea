/* What each case finds, the threads that help it, and the state of it all as
 * one number. */
#include "errors.h"

#define STACK_WORDS_OF 128
#define CROWD_THREADS  20

static uint64_t stacks_of[CROWD_THREADS][STACK_WORDS_OF]
    __attribute__((aligned(16)));

cap_t make(enum cap_type type, uint64_t size, cap_t slot)
{
    must("make", untyped_retype(ROOM, type, size, 1, 0, slot, 0));
    return slot;
}

static void make_devices(void)
{
    make(CAP_DOMAIN, 16, DOMAIN_OF);
    must("mint",
         device_mint(SLOT_DEVICE_CONTROL, ROOM, REQUESTER, 0, DEVICE_OF));
    must("interrupt",
         device_interrupt(DEVICE_OF, ROOM, 0, INTERRUPT_OF, 0, 1000));
}

void fixture_make(void)
{
    must("room", untyped_retype(ram, CAP_UNTYPED, ROOM_BYTES, 1, 0, ROOM, 0));
    make(CAP_UNTYPED, 0x10000, MEMORY);
    make(CAP_CAPTABLE, 5, TABLE);
    make(CAP_THREAD, 0, THREAD_OF);
    make(CAP_SCHED_CONTEXT, 0, CONTEXT);
    make(CAP_ENDPOINT, 0, ENDPOINT_OF);
    make(CAP_REPLY, 0, REPLY_OF);
    make(CAP_NOTIFICATION, 0, SIGNALS);
    make(CAP_NOTIFICATION, 0, SLEEP);
    make(CAP_NOTIFICATION, 0, REST);
    make(CAP_ADDRESS_SPACE, 16, SPACE_OF);
    must("pages", untyped_retype(ROOM, CAP_FRAME, 12, 2, 0, PAGES_OF, 0));
    must("in the table", untyped_retype(ROOM, CAP_ENDPOINT, 0, 1, TABLE, 1, 0));
    must("ports", ports_derive(PORTS, PORT_FIRST, PORT_COUNT, 0, PORT_RANGE));
    must("configure",
         thread_configure(THREAD_OF, TABLE, SPACE_OF, PAGES_OF, 0, 0));
    must("context",
         sched_configure(SLOT_SCHED_CONTROL, CONTEXT, 1, MS, 10 * MS, 0));
    if (boot->isolation)
        make_devices();
}

void fixture_drop(void)
{
    must("spoilt", captable_delete(SLOT_CAPTABLE, SPOILT));
    must("ports", captable_delete(SLOT_CAPTABLE, PORT_RANGE));
    must("room", captable_delete(SLOT_CAPTABLE, ROOM));
    for (cap_t slot = CROWD; slot < LAST_SLOT; slot++)
        must("crowd", captable_delete(SLOT_CAPTABLE, slot));
}

cap_t helper_start(unsigned n, void (*run)(void), unsigned priority,
                   uint64_t budget, unsigned cpu)
{
    struct thread_registers *r = (struct thread_registers *)message;
    cap_t thread = HELPERS + 3 * n;
    uint64_t period = budget ? 10000 * MS : 10 * MS;

    make(CAP_THREAD, 0, thread);
    make(CAP_SCHED_CONTEXT, 0, thread + 1);
    make(CAP_FRAME, 12, thread + 2);
    must("configure", thread_configure(thread, SLOT_CAPTABLE, SLOT_SPACE,
                                       thread + 2, 0, cpu));
    must("budget", sched_configure(SLOT_SCHED_CONTROL, thread + 1, priority,
                                   budget ? budget : period, period, cpu));
    must("bind", sched_bind(thread + 1, thread));
    for (unsigned i = 0; i < sizeof(*r) / 8; i++)
        message->words[i] = 0;
    r->rip = (uint64_t)run;
    r->rsp = (uint64_t)&stacks_of[n][STACK_WORDS_OF - 1];
    must("start", thread_write(thread, 1));
    return thread;
}

void helper_rest(void)
{
    for (;;)
        notification_wait(REST, DEADLINE_NEVER);
}

void pause_ns(uint64_t ns)
{
    notification_wait(SLEEP, now() + ns);
}

static uint64_t mixed(uint64_t sum, uint64_t value)
{
    return (sum ^ value) * 0x100000001b3; /* FNV-1a */
}

static uint64_t mix(uint64_t sum, struct result r, unsigned results)
{
    sum = mixed(sum, r.status);
    for (unsigned i = 0; i < results; i++)
        sum = mixed(sum, r.r[i]);
    return sum;
}

static uint64_t mix_table(uint64_t sum, cap_t table)
{
    for (cap_t slot = 1; slot < TABLE_SLOTS; slot++)
        sum = mix(sum, captable_info(table, slot), 4);
    return sum;
}

static uint64_t mix_thread(uint64_t sum, cap_t thread)
{
    struct thread_registers kept = *(struct thread_registers *)message;
    const uint64_t *read = message->words;

    sum = mix(sum, thread_read(thread), 1);
    for (unsigned i = 0; i < sizeof(kept) / 8; i++)
        sum = mixed(sum, read[i]);
    *(struct thread_registers *)message = kept;
    return sum;
}

static uint64_t mix_object(uint64_t sum, cap_t slot, uint64_t type)
{
    switch (type) {
    case CAP_UNTYPED:
        return mix(sum, untyped_info(slot), 4);
    case CAP_CAPTABLE:
        return slot == SLOT_CAPTABLE ? sum : mix_table(sum, slot);
    case CAP_THREAD:
        return slot == SLOT_THREAD ? sum : mix_thread(sum, slot);
    case CAP_ADDRESS_SPACE:
    case CAP_DOMAIN:
        return mix(sum, space_info(slot), 5);
    case CAP_DEVICE:
        return mix(sum, device_info(slot), 5);
    case CAP_INTERRUPT:
        return mix(sum, interrupt_info(slot), 5);
    default:
        return sum;
    }
}

uint64_t fingerprint(void)
{
    uint64_t sum = 0xcbf29ce484222325;

    for (cap_t slot = 1; slot < LAST_SLOT; slot++) {
        struct result r = captable_info(SLOT_CAPTABLE, slot);

        sum = mix_object(mix(sum, r, 4), slot, r.r[0]);
    }
    return mix(sum, iommu_info(SLOT_DEVICE_CONTROL), 5);
}
