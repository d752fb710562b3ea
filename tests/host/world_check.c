/* What must hold of all objects between two entries: see world.h. */
#include "tests/host/caps.h"

#include "kernel/notification.h"
#include "kernel/sched.h"
#include "kernel/untyped.h"

/* Bytes of what a capability for memory, or for a whole object, stands for. */
static uint64_t bytes_of(const struct cap *cap)
{
    enum cap_type type = cap_type_of(cap);

    if (type == CAP_UNTYPED)
        return cap->size;
    if (type == CAP_FRAME)
        return 1ul << cap->bits;
    if (type == CAP_CAPTABLE)
        return sizeof(struct captable) +
               ((struct captable *)cap_object(cap))->count * sizeof(struct cap);
    if (type == CAP_ADDRESS_SPACE || type == CAP_DOMAIN)
        return 2 * PAGE_SIZE; /* and its tables */
    return object_size(type, 0);
}

/* A range carved from an Untyped. */
static void check_carved(const struct cap *cap, const struct cap *from)
{
    uint64_t at = (uint64_t)cap_object(cap) - (uint64_t)cap_object(from);
    uint64_t bytes = bytes_of(cap);

    must(at <= from->data && bytes <= from->data - at,
         "an object lies outside what its Untyped gave");
    must(from->data <= from->size, "an Untyped gave more than it has");
    must(((cap->flags ^ from->flags) & (CAP_DEVICE_MEM | CAP_MODULE_MEM)) ==
                 0 ||
             (cap_type_of(cap) != CAP_FRAME && cap_type_of(cap) != CAP_UNTYPED),
         "memory changed its kind");
}

/* A copy or a part of the same thing. */
static void check_derived(const struct cap *cap, const struct cap *from)
{
    must(cap_object(cap) == cap_object(from) &&
             cap_type_of(cap) == cap_type_of(from),
         "a copy stands for something else");
    must(!(cap_rights_of(cap) & ~cap_rights_of(from)),
         "a capability has more rights than what it derives from");
    if (cap_type_of(cap) == CAP_FRAME)
        must(cap->bits == from->bits, "a Frame changed its size");
    if (cap_type_of(cap) == CAP_IO_PORTS)
        must((cap->data & 0xffff) >= (from->data & 0xffff) &&
                 (cap->data & 0xffff) + (cap->data >> 16) <=
                     (from->data & 0xffff) + (from->data >> 16),
             "a range of ports grew");
}

static bool is_carved(unsigned i)
{
    return parents[i] && cap_type_of(parents[i]) == CAP_UNTYPED &&
           !(caps[i]->flags & CAP_INTERNAL) &&
           cap_type_of(caps[i]) != CAP_TABLE_MEMORY;
}

/* Of one Untyped. */
static void check_apart(unsigned i)
{
    uint64_t a = (uint64_t)cap_object(caps[i]), a_bytes = bytes_of(caps[i]);

    for (unsigned k = 0; k < i; k++) {
        uint64_t b = (uint64_t)cap_object(caps[k]);

        if (parents[k] == parents[i] && is_carved(k))
            must(a >= b + bytes_of(caps[k]) || b >= a + a_bytes,
                 "two objects lie in the same memory");
    }
}

static unsigned last_count; /* of capabilities, when it was checked last */

void world_check_forget(void)
{
    last_count = 0;
}

static void check_tree(void)
{
    for (unsigned i = 0; i < cap_count; i++) {
        const struct cap *cap = caps[i], *from = parents[i];

        if (is_carved(i))
            check_carved(cap, from);
        else if (from && !(cap->flags & CAP_INTERNAL) &&
                 cap_type_of(cap) != CAP_TABLE_MEMORY)
            check_derived(cap, from);
        if (cap_count != last_count && is_carved(i)) /* it takes long */
            check_apart(i);
    }
    last_count = cap_count;
}

/* ---- Spaces ---- */

#define ENTRY_ADDRESS 0x000ffffffffff000ul
#define ENTRY_LARGE   0x80ul
#define ENTRY_NX      (1ul << 63)

/* The tables as hardware walks them: a process's are present by bit 0, a
 * device's by bit 0 (read) or 1 (write). Four levels both. */
static const uint64_t *slot_at(const struct space *space, uint64_t va,
                               int *shift)
{
    const uint64_t *slot = NULL;
    uint64_t table = virt_to_phys(space->tables->root).v;
    uint64_t present = space->object.type == CAP_DOMAIN ? 3 : 1;

    for (*shift = 39; *shift >= 12; *shift -= 9) {
        slot =
            (uint64_t *)phys_to_virt((paddr_t){table}) + (va >> *shift & 511);
        if (!(*slot & present) || *shift == 12 || *slot & ENTRY_LARGE)
            break;
        table = *slot & ENTRY_ADDRESS;
    }
    return *slot & present ? slot : NULL;
}

static void check_frame(const struct space *space, const struct cap *frame)
{
    uint64_t address = mapping_address(frame), asked = frame->data - address;
    int shift;
    const uint64_t *slot = slot_at(space, address, &shift);
    bool exec;

    must(slot && shift == frame->bits, "a Frame is not mapped where it says");
    must((*slot & ENTRY_ADDRESS) == virt_to_phys(cap_object(frame)).v,
         "another memory is mapped than the Frame's");
    exec = space->object.type != CAP_DOMAIN && !(*slot & ENTRY_NX);
    must((*slot >> 1 & 1) == !!(asked & MAP_WRITE) &&
             exec == !!(asked & MAP_EXEC),
         "a mapping allows other things than were asked for");
    must(!exec || !(asked & MAP_WRITE), "writable and executable");
    must(!(asked & (MAP_READ | MAP_WRITE | MAP_EXEC) & ~cap_rights_of(frame)),
         "a mapping allows more than the Frame's capability");
}

static unsigned leaves_below(uint64_t table, int shift, uint64_t present,
                             unsigned slots)
{
    const uint64_t *at = phys_to_virt((paddr_t){table});
    unsigned count = 0;

    for (unsigned i = 0; i < slots; i++) {
        if (!(at[i] & present))
            continue;
        if (shift == 12 || at[i] & ENTRY_LARGE)
            count++;
        else
            count +=
                leaves_below(at[i] & ENTRY_ADDRESS, shift - 9, present, 512);
    }
    return count;
}

static unsigned leaves_of(const struct space *space)
{
    bool domain = space->object.type == CAP_DOMAIN;

    return leaves_below(virt_to_phys(space->tables->root).v, 39, domain ? 3 : 1,
                        domain ? 512 : 256);
}

/* R12: exact in both directions. */
static void check_space(struct space *space)
{
    unsigned frames = 0;
    uint64_t bytes = 0;

    for (struct cap *cap = space->mappings.map_next; cap; cap = cap->map_next) {
        must(cap->space == space && cap->map_prev->map_next == cap,
             "a space's list is broken");
        if (cap_type_of(cap) != CAP_FRAME)
            continue;
        frames++;
        bytes += 1ul << cap->bits;
        if (!space->object.dying && !space->emptied)
            check_frame(space, cap);
    }
    if (space->object.dying || space->emptied)
        return;
    must(leaves_of(space) == frames, "a mapping has no Frame");
    must(space->mapped == bytes, "a space counts wrongly what it maps");
}

/* ---- Scheduling ---- */

static void check_queue(unsigned index)
{
    struct cpu *cpu = &cpus[index];

    for (unsigned p = 0; p < PRIORITIES; p++) {
        struct sched_context *tail = cpu->queue.tail[p], *context = tail;

        must(!!tail == (cpu->queue.bitmap[p / 64] >> p % 64 & 1),
             "a run queue's bitmap is wrong");
        while (context) {
            must(context->queued && context->cpu == index &&
                     context->priority == p && context != cpu->context,
                 "a run queue holds what does not belong there");
            must(context->thread && context->thread->context == context &&
                     context->thread->state == THREAD_READY &&
                     !context->depleted,
                 "what cannot run is queued");
            context = context->next;
            if (context == tail)
                break;
        }
    }
    if (cpu->context)
        must(cpu->context->thread == cpu->current && !cpu->context->queued,
             "what runs and whose time it is disagree");
}

static void check_thread(const struct thread *thread)
{
    const struct sched_context *context = thread->context;

    if (context)
        must(context->thread == thread, "a context carries another thread");
    if (thread->state == THREAD_READY && context && !thread->requests &&
        !context->depleted && context->cpu == thread->cpu)
        must(context->queued || cpus[thread->cpu].context == context,
             "a ready thread is forgotten");
    if (thread->bound)
        must(thread->bound->bound == thread, "a binding has one side only");
}

void world_check(void)
{
    caps_gather();
    check_tree();
    for (unsigned i = 0; i < cap_count; i++) {
        enum cap_type type = cap_type_of(caps[i]);
        bool whole = caps[i]->flags & CAP_ROOT || !parents[i];

        if (!whole || caps[i]->flags & CAP_INTERNAL)
            continue;
        if (type == CAP_ADDRESS_SPACE || type == CAP_DOMAIN)
            check_space(cap_object(caps[i]));
        if (type == CAP_THREAD)
            check_thread(cap_object(caps[i]));
    }
    for (unsigned i = 0; i < MACHINE_CPUS; i++)
        check_queue(i);
}
