/* Untyped memory: see untyped.h. */
#include "kernel/untyped.h"
#include "kernel/captable.h"
#include "kernel/destroy.h"
#include "kernel/device.h"
#include "kernel/endpoint.h"
#include "kernel/notification.h"
#include "kernel/remote.h"
#include "kernel/space.h"
#include "kernel/operations.h"

/* Bytes that one entry into the kernel zeroes. */
#define ZERO_STEP  65536ul
#define ZERO_SMALL 8192ul /* and still goes on with what it is for */
/* Objects that one call may ask for, and one entry makes. */
#define RETYPE_MAX   512
#define RETYPE_BATCH 32
#define SPACE_BATCH  1 /* of spaces, with their tables */
/* In register rsi: the first objects are made, the offset is behind us. */
#define RETYPE_GOES_ON (1ul << 63)

/* Lowest and highest value of the argument size_bits, where it counts; and the
 * bytes of what has one size. */
static const struct {
    uint64_t low, high, bytes;
} sizes[CAP_TYPES] = {
    [CAP_UNTYPED] = {.low = 6, .high = (1ul << DIRECT_BITS) - PAGE_SIZE},
    [CAP_CAPTABLE] = {.low = CAPTABLE_MIN_BITS, .high = CAPTABLE_MAX_BITS},
    [CAP_FRAME] = {.low = PAGE_BITS, .high = PAGE_1G_BITS},
    [CAP_ADDRESS_SPACE] = {.low = SPACE_MIN_BITS, .high = SPACE_MAX_BITS},
    [CAP_DOMAIN] = {.low = SPACE_MIN_BITS, .high = SPACE_MAX_BITS},
    [CAP_THREAD] = {.bytes = PAGE_SIZE},
    [CAP_SCHED_CONTEXT] = {.bytes = sizeof(struct sched_context)},
    [CAP_ENDPOINT] = {.bytes = sizeof(struct endpoint)},
    [CAP_REPLY] = {.bytes = sizeof(struct reply)},
    [CAP_NOTIFICATION] = {.bytes = sizeof(struct notification)},
    [CAP_DEVICE] = {.bytes = sizeof(struct device)},
    [CAP_INTERRUPT] = {.bytes = sizeof(struct interrupt)},
};

static uint64_t untyped_bytes(uint64_t size)
{
    if (size >= PAGE_SIZE) /* the bytes themselves */
        return size % PAGE_SIZE ? 0 : size;
    return size <= DIRECT_BITS ? 1ul << size : 0;
}

uint64_t object_size(enum cap_type type, uint64_t size_bits)
{
    if (sizes[type].low &&
        (size_bits < sizes[type].low || size_bits > sizes[type].high))
        return 0;
    switch (type) {
    case CAP_UNTYPED:
        return untyped_bytes(size_bits);
    case CAP_CAPTABLE:
        return sizeof(struct captable) + (sizeof(struct cap) << size_bits);
    case CAP_FRAME:
        if (size_bits != PAGE_BITS && size_bits != PAGE_2M_BITS &&
            size_bits != PAGE_1G_BITS)
            return 0;
        return 1ul << size_bits;
    default:
        return sizes[type].low ? 1ul << size_bits : sizes[type].bytes;
    }
}

uint64_t object_alignment(enum cap_type type, uint64_t size_bits)
{
    switch (type) {
    case CAP_UNTYPED:
        return size_bits < PAGE_SIZE ? 1ul << size_bits : PAGE_SIZE;
    case CAP_FRAME:
        return 1ul << size_bits;
    case CAP_THREAD:
    case CAP_ADDRESS_SPACE:
    case CAP_DOMAIN:
        return PAGE_SIZE;
    default:
        return sizeof(struct cap);
    }
}

/*
 * With nothing carved left the range starts over, once every CPU has left the
 * kernel: until then one may still look at an object that was there.
 */
static bool start_over(struct cap *untyped)
{
    unsigned budget = DESTROY_BUDGET;

    if (!untyped->data || cap_has_children(untyped))
        return true;
    if (destroy_zombies(&budget) == STEP_AGAIN)
        return false;
    if (!untyped->round)
        untyped->round = remote_quiesce_begin();
    if (!remote_quiesce_over(untyped->round))
        return false;
    untyped->data = 0;
#ifndef MUTATION_no_zeroing
    untyped->zeroed = 0;
#endif
    untyped->round = 0;
    return true;
}

/* Zeroes a part of [.., end); true when all is zero and little was to do. */
static bool zero_up_to(struct cap *untyped, uint64_t from, uint64_t end)
{
    uint64_t at = untyped->zeroed > from ? untyped->zeroed : from;
    uint64_t bytes;

    if (at >= end)
        return true;
    bytes = end - at;
#ifndef MUTATION_zero_at_once
    if (bytes > ZERO_STEP)
        bytes = ZERO_STEP;
#endif
    __builtin_memset((char *)cap_object(untyped) + at, 0, bytes);
    untyped->zeroed = at + bytes;
    return at + bytes == end && bytes <= ZERO_SMALL;
}

bool untyped_zero_step(struct cap *untyped)
{
    return zero_up_to(untyped, 0, untyped->size);
}

enum status untyped_prepare(struct cap *untyped, struct carve *carve,
                            bool *again)
{
    uint64_t base = virt_to_phys(cap_object(untyped)).v, start, bytes;
    enum status status = cap_may_derive(untyped);

    *again = false;
    if (status != OK)
        return status;
    if (memory_quarantined && !cap_has_children(untyped) && untyped->data)
        return ERR_UNCONFIRMED;
    if (!start_over(untyped)) {
        *again = true;
        return OK;
    }
    start = carve->offset > untyped->data ? carve->offset : untyped->data;
    start = ((base + start + carve->alignment - 1) & ~(carve->alignment - 1)) -
            base;
    if (start > untyped->size)
        return ERR_NO_MEMORY;
    /* Sizes are below 2^46 and counts below 2^10: no overflow. */
    bytes = carve->size * carve->count;
#ifndef MUTATION_no_untyped_bound
    if (bytes > untyped->size - start)
        return ERR_NO_MEMORY;
#endif
    carve->offset = start;
    if (carve->zero && !zero_up_to(untyped, start, start + bytes))
        *again = true;
    return OK;
}

/* Puts one new capability for the memory at `object` into `slot`. */
static void make(struct cap *untyped, struct cap *slot, enum cap_type type,
                 uint64_t size_bits, void *memory)
{
    struct object *object = memory;
    uint64_t rights = RIGHTS_ALL;

    if (type == CAP_FRAME && untyped->flags & CAP_MODULE_MEM)
        rights = RIGHT_READ;
    else if (type == CAP_FRAME && untyped->flags & CAP_DEVICE_MEM)
        rights = RIGHT_READ | RIGHT_WRITE;
    cap_insert_child(untyped, slot, word_make(type, rights, memory), 0);
    if (type == CAP_FRAME || type == CAP_UNTYPED) {
        slot->flags = untyped->flags & (CAP_DEVICE_MEM | CAP_MODULE_MEM);
        if (type == CAP_UNTYPED)
            slot->size = untyped_bytes(size_bits);
        else
            slot->bits = (uint8_t)size_bits;
        return;
    }
    slot->flags = CAP_ROOT;
    object->type = (uint8_t)type;
    if (type == CAP_CAPTABLE)
        ((struct captable *)memory)->count = 1ul << size_bits;
    else if (type == CAP_THREAD)
        thread_init(memory);
    else if (type == CAP_SCHED_CONTEXT)
        ((struct sched_context *)memory)->refill.kind = TIMER_BUDGET;
    else if (type == CAP_NOTIFICATION)
        ((struct notification *)memory)->timer.kind = TIMER_NOTIFICATION;
}

void *untyped_object(struct thread *self, enum cap_type type,
                     uint64_t operation, struct cap **memory)
{
    struct carve carve = {.size = object_size(type, 0),
                          .alignment = object_alignment(type, 0),
                          .count = 1,
                          .zero = true};
    struct cap *untyped = cap_find(self, self->regs.rsi, CAP_UNTYPED);
    enum status status;
    bool again;

    if (!untyped || untyped->flags & (CAP_DEVICE_MEM | CAP_MODULE_MEM)) {
        syscall_fail(self, ERR_CAPABILITY, 1);
        return NULL;
    }
    status = untyped_prepare(untyped, &carve, &again);
    if (status != OK) {
        syscall_fail(self, status, 1);
        self->regs.rsi = untyped->size - untyped->data;
        return NULL;
    }
    if (again) {
        syscall_again(self, operation);
        return NULL;
    }
    *memory = untyped;
    return (char *)cap_object(untyped) + carve.offset;
}

void untyped_commit(struct cap *memory, struct cap *parent, enum cap_type type,
                    struct object *object, struct cap *slot)
{
    untyped_take(memory, (uint64_t)object - (uint64_t)cap_object(memory) +
                             object_size(type, 0));
    object->type = (uint8_t)type;
    cap_insert_child(parent, slot, word_make(type, RIGHTS_ALL, object), 0);
    slot->flags = CAP_ROOT;
}

/* What may be made out of this Untyped? */
static bool type_fits(const struct cap *untyped, uint64_t type)
{
    if (type == CAP_UNTYPED || type == CAP_FRAME)
        return true;
    return type > CAP_UNTYPED && type <= CAP_DOMAIN &&
           !(untyped->flags & (CAP_DEVICE_MEM | CAP_MODULE_MEM));
}

/* Makes up to a batch of objects; the registers advance like those of REP. */
static void make_batch(struct thread *self, struct cap *untyped,
                       const struct carve *carve, struct cap *slots)
{
    struct registers *regs = &self->regs;
    enum cap_type type = (enum cap_type)(regs->rsi & 0xff);
    bool space = type == CAP_ADDRESS_SPACE || type == CAP_DOMAIN;
    uint64_t most = space ? SPACE_BATCH : RETYPE_BATCH;
    uint64_t batch = regs->r10 < most ? regs->r10 : most;
    char *memory = (char *)cap_object(untyped) + carve->offset;
    uint64_t i;

    for (i = 0; i < batch; i++, memory += carve->size) {
        if (space) {
            ((struct object *)memory)->type = (uint8_t)type;
            space_init((struct space *)memory, type, (unsigned)regs->rdx);
        }
        make(untyped, &slots[i], type, regs->rdx, memory);
    }
    untyped_take(untyped, carve->offset + i * carve->size);
    regs->r10 -= i;
    regs->r9 += i;
    regs->rsi |= RETYPE_GOES_ON;
    if (regs->r10)
        syscall_again(self, OP_UNTYPED_RETYPE);
}

static void check_and_prepare(struct thread *self, struct cap *untyped)
{
    struct registers *regs = &self->regs;
    enum cap_type type = (enum cap_type)(regs->rsi & 0xff);
    struct carve carve = {
        .offset = regs->rsi & RETYPE_GOES_ON ? 0 : regs->r12,
        .size = object_size(type, regs->rdx),
        .alignment = object_alignment(type, regs->rdx),
        .count = regs->r10,
        .zero = type != CAP_UNTYPED &&
                !(untyped->flags & (CAP_DEVICE_MEM | CAP_MODULE_MEM)),
    };
    struct cap *slots = table_slots(self, regs->r8, 4, regs->r9, regs->r10, 5);
    enum status status;
    bool again;

    if (!slots)
        return;
    if (carve.offset > untyped->size ||
        (carve.offset && carve.offset < untyped->data &&
         cap_has_children(untyped))) { /* else the range starts over */
        syscall_argument(self, 6, untyped->data, untyped->size);
        return;
    }
    status = untyped_prepare(untyped, &carve, &again);
    if (status != OK) {
        syscall_fail(self, status, 0);
        self->regs.rsi = untyped->size - untyped->data;
        return;
    }
    if (again)
        syscall_again(self, OP_UNTYPED_RETYPE);
    else
        make_batch(self, untyped, &carve, slots);
}

void untyped_retype_op(struct thread *self, struct cap *untyped)
{
    struct registers *regs = &self->regs;
    uint64_t type = regs->rsi & ~RETYPE_GOES_ON;

    if (!type_fits(untyped, type))
        return (void)syscall_argument(self, 1, CAP_UNTYPED, CAP_DOMAIN);
    if (!object_size((enum cap_type)type, regs->rdx))
        return (void)syscall_argument(self, 2, sizes[type].low,
                                      sizes[type].high);
    if (regs->r10 < 1 || regs->r10 > RETYPE_MAX)
        return (void)syscall_argument(self, 3, 1, RETYPE_MAX);
    /* R10: all of the Domains get an id, or none is made. */
    if (type == CAP_DOMAIN && iommu_domains_free() < regs->r10)
        return (void)syscall_fail(
            self, iommu_usable() ? ERR_LIMIT : ERR_NO_ISOLATION, 1);
    check_and_prepare(self, untyped);
}

void untyped_info_op(struct thread *self, struct cap *untyped)
{
    bool device = untyped->flags & CAP_DEVICE_MEM;

    self->regs.rsi = device ? virt_to_phys(cap_object(untyped)).v : 0;
    self->regs.rdx = untyped->size;
    self->regs.r10 = untyped->data;
    self->regs.r8 = (device ? UNTYPED_DEVICE : 0u) |
                    (untyped->flags & CAP_MODULE_MEM ? UNTYPED_MODULE : 0u);
}
