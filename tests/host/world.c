/* The first process: see world.h. Its shape is that of boot/first_process.c. */
#include "tests/host/caps.h"

#include <string.h>

#include <cordon/operations.h>
#include "kernel/notification.h"
#include "kernel/remote.h"
#include "kernel/sched.h"

#define DEVICE_MEMORY_AT    0xc0000000ul
#define DEVICE_MEMORY_BYTES (16ul << 20)
#define SPACE_BITS          15
#define ENDLESS             200000

static struct cap first; /* of the tree, for ever */
static struct captable *table;
static uint32_t domains_free, irqs_free;

struct captable *world_table(void)
{
    return table;
}

/* It is what stands before its first. */
struct cap *world_tree(void)
{
    if (cap_is_empty(&first))
        cap_insert_root(&first, word_make(CAP_SCHED_CONTROL, 0, &first), 0, 0);
    return first.prev;
}

static struct cap *put(uint64_t slot, enum cap_type type, const void *object)
{
    struct cap *cap = &table->slots[slot];

    cap_insert_root(cap, word_make(type, RIGHTS_ALL, object), 0, 0);
    return cap;
}

static void put_memory(uint64_t slot, paddr_t base, uint64_t bytes,
                       uint8_t flags)
{
    struct cap *cap = put(slot, CAP_UNTYPED, phys_to_virt(base));

    cap->size = bytes;
    cap->flags = flags;
}

static void *pages(size_t n)
{
    return phys_to_virt(model_pages(n));
}

static void bind(uint64_t slot, struct cap *to, struct object *owner,
                 uint8_t role)
{
    cap_bind(&table->slots[slot], to, owner, role);
}

static struct thread *make_thread(struct space *space)
{
    struct thread *thread = pages(1);

    thread->object.type = CAP_THREAD;
    thread_init(thread);
    thread->message = pages(1);
    put(WORLD_THREAD, CAP_THREAD, thread);
    put(WORLD_MESSAGE, CAP_FRAME, thread->message)->bits = PAGE_BITS;
    bind(WORLD_TABLE, &thread->bindings[BIND_TABLE], &thread->object,
         BIND_TABLE);
    bind(WORLD_SPACE, &thread->bindings[BIND_SPACE], &thread->object,
         BIND_SPACE);
    bind(WORLD_MESSAGE, &thread->bindings[BIND_MESSAGE], &thread->object,
         BIND_MESSAGE);
    thread->slots = table->slots;
    thread->slot_count = table->count;
    thread->space = space;
    thread->resumable = true;
    return thread;
}

static void make_context(struct thread *thread)
{
    struct sched_context *context = pages(1);

    context->object.type = CAP_SCHED_CONTEXT;
    context->refill.kind = TIMER_BUDGET;
    context->priority = 100;
    context->budget = context->period = 10000000;
    put(WORLD_CONTEXT, CAP_SCHED_CONTEXT, context);
    bind(WORLD_THREAD, &context->binding, &context->object, 0);
    thread->own = thread->context = context;
    context->thread = thread;
    thread->state = THREAD_READY;
    sched_enqueue(&cpus[0], context);
}

void world_make(void)
{
    size_t bytes = sizeof(*table) + (sizeof(struct cap) << WORLD_TABLE_BITS);
    struct space *space;

    world_tree();
    world_forget();
    machine_cpu(0);
    table = pages((bytes + PAGE_SIZE - 1) / PAGE_SIZE);
    table->object.type = CAP_CAPTABLE;
    table->count = 1ul << WORLD_TABLE_BITS;
    space = pages((1ul << SPACE_BITS) / PAGE_SIZE);
    space->object.type = CAP_ADDRESS_SPACE;
    space_init(space, CAP_ADDRESS_SPACE, SPACE_BITS);
    put(WORLD_TABLE, CAP_CAPTABLE, table);
    put(WORLD_SPACE, CAP_ADDRESS_SPACE, space);
    put(WORLD_SCHED_CONTROL, CAP_SCHED_CONTROL, table);
    put(WORLD_DEVICE_CONTROL, CAP_DEVICE_CONTROL, table);
    put(WORLD_PORTS, CAP_IO_PORTS, table)->data = 0x10000ul << 16;
    put_memory(WORLD_RAM, model_pages(WORLD_RAM_PAGES),
               WORLD_RAM_PAGES * PAGE_SIZE, 0);
    put_memory(WORLD_DEVICE_MEMORY, (paddr_t){DEVICE_MEMORY_AT},
               DEVICE_MEMORY_BYTES, CAP_DEVICE_MEM);
    put_memory(WORLD_MODULE, model_pages(2), 2 * PAGE_SIZE, CAP_MODULE_MEM);
    make_context(make_thread(space));
    machine_interrupt(0xf1); /* it is chosen */
    if (!cpus[0].current)
        machine_fail("the first thread does not run");
    domains_free = iommu_domains_free();
    irqs_free = iommu_irqs_free();
}

/* ---- The end ---- */

static void take_back(struct cap *cap)
{
    for (unsigned i = 0; cap_delete_step(cap) == STEP_AGAIN; i++) {
        machine_drain();
        if (i == ENDLESS)
            machine_fail("a capability cannot be deleted");
    }
}

static bool timers_are_set(void)
{
    for (unsigned i = 0; i < MACHINE_CPUS; i++)
        for (unsigned level = 0; level < TIMER_LEVELS; level++)
            if (cpus[i].wheel.pending[level])
                return true;
    return false;
}

/* The pause in taking faults ends by itself. */
static void wait_for_timers(void)
{
    for (unsigned i = 0; i < 100 && timers_are_set(); i++)
        machine_drain();
    if (timers_are_set())
        machine_fail("a timer outlives all objects");
}

void world_end(void)
{
    machine_cpu(0);
    model_fail(MODEL_FINE, 0);
    for (uint64_t slot = WORLD_FREE - 1; slot > 0; slot--)
        take_back(&table->slots[slot]);
    for (uint64_t slot = 1; slot < table->count; slot++)
        take_back(&table->slots[slot]);
    machine_drain();
    wait_for_timers();
    if (first.next != first.prev)
        machine_fail("a capability outlives its parents");
    for (unsigned i = 0; i < MACHINE_CPUS; i++)
        if (cpus[i].context || cpus[i].favourite || cpus[i].inbox)
            machine_fail("something still runs");
    if (!memory_quarantined && (iommu_domains_free() != domains_free ||
                                iommu_irqs_free() != irqs_free))
        machine_fail("domain-ids or remapping entries were lost");
}
