/* The objects that a world begins with: see world.h. */
#include "tests/host/world.h"

#include <cordon/operations.h>

static void retype(enum cap_type type, uint64_t bits, uint64_t slot,
                   uint64_t count)
{
    const uint64_t args[7] = {type, bits, count, 0, slot};

    if (machine_call(OP_UNTYPED_RETYPE, WORLD_RAM, args) != OK)
        machine_fail("the first objects cannot be made");
}

static void ok(uint64_t operation, cap_t slot, const uint64_t args[7])
{
    if (machine_call(operation, slot, args) != OK)
        machine_fail("the first objects cannot be used");
}

#define ARGS(...) ((const uint64_t[7]){__VA_ARGS__})

/* So that messages with capabilities get through. */
static void fill_page(struct message_page *page)
{
    static const uint64_t sent[MSG_MAX_CAPS] = {
        WORLD_EVENTS, WORLD_FRAMES + 7, WORLD_MEMORY, WORLD_REPLIES + 1};

    for (unsigned i = 0; i < MSG_MAX_CAPS; i++) {
        page->send_caps[i] = sent[i];
        page->send_rights[i] = RIGHTS_ALL;
    }
    page->recv_slot = WORLD_RECEIVED;
    page->recv_count = MSG_MAX_CAPS;
}

static void start_thread(unsigned i, uint64_t priority)
{
    struct thread_registers *r = (void *)cpus[0].current->message->words;

    ok(OP_THREAD_CONFIGURE, WORLD_THREADS + i,
       ARGS(WORLD_TABLE, WORLD_SPACE, WORLD_FRAMES + i, WORLD_ENDPOINTS + i,
            i));
    ok(OP_SCHED_CONFIGURE, WORLD_SCHED_CONTROL,
       ARGS(WORLD_CONTEXTS + i, priority, 5000000, 10000000, i));
    ok(OP_SCHED_BIND, WORLD_CONTEXTS + i, ARGS(WORLD_THREADS + i));
    *r = (struct thread_registers){.rip = 0x401000, .rsp = 0x500000};
    fill_page(cap_object(&world_table()->slots[WORLD_FRAMES + i]));
    ok(OP_THREAD_WRITE, WORLD_THREADS + i, ARGS(1));
}

void world_furnish(void)
{
    retype(CAP_THREAD, 0, WORLD_THREADS, 2);
    retype(CAP_SCHED_CONTEXT, 0, WORLD_CONTEXTS, 2);
    retype(CAP_ENDPOINT, 0, WORLD_ENDPOINTS, 2);
    retype(CAP_REPLY, 0, WORLD_REPLIES, 2);
    retype(CAP_NOTIFICATION, 0, WORLD_EVENTS, 2);
    retype(CAP_FRAME, PAGE_BITS, WORLD_FRAMES, 8);
    retype(CAP_ADDRESS_SPACE, 15, WORLD_SPACE_2, 1);
    retype(CAP_DOMAIN, 15, WORLD_DOMAIN, 1);
    retype(CAP_UNTYPED, 16 * PAGE_SIZE, WORLD_MEMORY, 1);
    ok(OP_DEVICE_MINT, WORLD_DEVICE_CONTROL,
       ARGS(WORLD_MEMORY, WORLD_RID, 0, WORLD_DEVICE));
    ok(OP_DEVICE_ATTACH, WORLD_DEVICE, ARGS(WORLD_DOMAIN));
    fill_page(cpus[0].current->message);
    start_thread(1, 100);
    machine_cpu(1);
    machine_take_ipi();
    machine_cpu(0);
    start_thread(0, 120); /* runs at once, and waits for a message */
    machine_call(OP_ENDPOINT_RECEIVE, WORLD_ENDPOINTS,
                 ARGS(0, 0, 0, 0, 0, WORLD_REPLIES, DEADLINE_NEVER));
    if (!cpus[0].current || !cpus[1].current)
        machine_fail("the first threads do not run");
}
