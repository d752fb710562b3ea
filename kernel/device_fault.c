/*
 * DMA and interrupt faults become records of the Device that caused them, and
 * its holder is signalled (R6). Each Device has a limit, over which it is
 * muted and its holder told once; a requester without a Device is counted and
 * muted at once; and all together are taken at a bounded rate, so that a storm
 * costs its sender and nobody else (R7).
 *
 * Whoever asks for a Device's faults first gets what hardware still holds: when
 * a driver sees a completion, a DMA of it that was blocked is known, whichever
 * CPU takes the fault interrupt and whenever.
 */
#include "kernel/device.h"
#include "kernel/sched.h"
#include "kernel/operations.h"

#define BUCKETS 256

/* Records that one question for faults takes at most. */
#define COLLECT_MAX 64

/* Records that are taken in a second, from all devices together, and how long
 * there is a pause when they were more. */
#define TAKE_PER_SECOND 25600u
#define PAUSE_NS        10000000ull

#define LIMIT_MIN 1u
#define LIMIT_MAX 100000u

static struct lock take_lock;  /* from hardware to the Device, in one */
static struct lock table_lock; /* order: that, this, a device's */
static struct device *buckets[BUCKETS];
/* How often hardware dropped records, of anybody. */
static uint64_t losses;
static uint64_t stranger_faults;
static uint32_t stranger_last;
static struct timer pause = {.kind = TIMER_IOMMU};
static struct rate_limit taken; /* the CPU that takes fault interrupts */

static struct device **bucket(uint16_t segment, uint16_t rid)
{
    return &buckets[(rid ^ rid >> 8 ^ segment) % BUCKETS];
}

static struct device *find(uint16_t segment, uint16_t rid)
{
    struct device *d = *bucket(segment, rid);

    while (d && (d->iommu.segment != segment || d->iommu.rid != rid))
        d = d->next;
    return d;
}

bool device_table_has(uint16_t segment, uint16_t rid)
{
    lock_acquire(&table_lock);
    bool found = find(segment, rid) != NULL;
    lock_release(&table_lock);
    return found;
}

void device_table_add(struct device *device)
{
    struct device **head = bucket(device->iommu.segment, device->iommu.rid);

    device->losses = __atomic_load_n(&losses, __ATOMIC_RELAXED);
    lock_acquire(&table_lock);
    device->next = *head;
    *head = device;
    lock_release(&table_lock);
}

void device_table_remove(struct device *device)
{
    struct device **link = bucket(device->iommu.segment, device->iommu.rid);

    lock_acquire(&table_lock);
    while (*link && *link != device)
        link = &(*link)->next;
    if (*link)
        *link = device->next;
    lock_release(&table_lock);
}

void device_tell(struct device *device)
{
    notification_tell(&device->bindings[DEVICE_BIND_FAULT]);
}

static void record_add(struct device *device, const struct iommu_fault *f,
                       bool muted)
{
    uint32_t last = (device->first + device->count) % DEVICE_FAULTS;
    uint32_t flags = (f->write ? DEVICE_FAULT_WRITE : 0u) |
                     (f->interrupt ? DEVICE_FAULT_INTERRUPT : 0u) |
                     (muted ? DEVICE_FAULT_MUTED : 0u) |
                     (f->lost ? DEVICE_FAULT_LOST : 0u);

    if (device->count == DEVICE_FAULTS) {
        /* The ring keeps the oldest; the newest says what happened since. */
        last = (last + DEVICE_FAULTS - 1) % DEVICE_FAULTS;
        flags |= DEVICE_FAULT_LOST;
    } else {
        device->count++;
    }
    device->records[last] = (struct device_fault_record){
        .address = f->interrupt ? f->index : f->address,
        .reason = f->reason,
        .flags = flags,
    };
}

/* A fault of a Device, from any CPU. */
static void record_fault(struct device *device, const struct iommu_fault *f)
{
    bool tell = false;

    lock_acquire(&device->lock);
    device->faults++;
    if (!device->iommu.muted) {
        bool muted = rate_limit_exceeded(&device->rate);
        if (muted)
            iommu_mute(&device->iommu, true);
#ifndef MUTATION_lose_fault_record
        record_add(device, f, muted);
#endif
        tell = true;
    }
    lock_release(&device->lock);
    if (tell)
        device_tell(device);
}

static void dispatch(struct iommu_fault *f)
{
    if (f->lost)
        __atomic_add_fetch(&losses, 1, __ATOMIC_RELEASE);
    f->lost = false; /* every Device learns of it by itself */
    if (f->reason == 0)
        return;
    lock_acquire(&table_lock);
    struct device *device = find(f->segment, f->rid);
    if (device) {
        record_fault(device, f);
    } else {
        stranger_faults++;
        stranger_last = (uint32_t)f->segment << 16 | f->rid;
        iommu_mute_requester(f->segment, f->rid);
    }
    lock_release(&table_lock);
}

static bool take(void)
{
    struct iommu_fault f;

    lock_acquire(&take_lock);
    bool taken_one = iommu_fault_take(&f);
    if (taken_one)
        dispatch(&f);
    lock_release(&take_lock);
    return taken_one;
}

/* Makes all that is known in hardware known to the Device. */
static void collect(struct device *device)
{
    const struct iommu_fault dropped = {.lost = true};

    for (unsigned i = 0; i < COLLECT_MAX && take(); i++)
        ;
    lock_acquire(&device->lock);
    uint64_t now = __atomic_load_n(&losses, __ATOMIC_ACQUIRE);
    if (device->losses != now && device->state == DEVICE_CAGED) {
        device->faults++;
        record_add(device, &dropped, false);
    }
    device->losses = now;
    lock_release(&device->lock);
}

uint64_t device_count_faults(struct device *device)
{
    collect(device);
    return device->faults;
}

void device_take_faults(void)
{
    struct cpu *cpu = cpu_self();

    if (!taken.limit)
        rate_limit_set(&taken, TAKE_PER_SECOND);
    do {
        if (!take())
            return;
    } while (!rate_limit_exceeded(&taken));
    /* DMA faults end by muting. Interrupt requests of one device cannot be
     * muted: all reports pause. */
    iommu_fault_hold(true);
    if (!timer_is_set(&pause))
        timer_set(&cpu->wheel, &pause, clock_tsc() + clock_cycles(PAUSE_NS));
    sched_arm(cpu);
}

void device_resume_faults(void)
{
    iommu_fault_hold(false);
    device_take_faults();
}

void device_bind_op(struct thread *self, struct cap *cap)
{
    struct device *device = cap_object(cap);
    struct cap *binding = &device->bindings[DEVICE_BIND_FAULT];
    uint64_t slot = self->regs.rsi, limit = self->regs.rdx;
    struct cap *found =
        slot ? cap_to_bind(self, slot, CAP_NOTIFICATION, 1) : NULL;

    if (slot && !found)
        return;
    if (limit < LIMIT_MIN || limit > LIMIT_MAX)
        return (void)syscall_argument(self, 2, LIMIT_MIN, LIMIT_MAX);
    cap_remove(binding);
    if (found)
        cap_bind(found, binding, &device->object, DEVICE_BIND_FAULT);
    lock_acquire(&device->lock);
    rate_limit_set(&device->rate, limit);
    if (device->state == DEVICE_CAGED && device->iommu.muted)
        iommu_mute(&device->iommu, false);
    lock_release(&device->lock);
}

void device_fault_op(struct thread *self, struct cap_view cap)
{
    struct device *device = word_object(cap.word);
    const struct device_fault_record *r;

    collect(device);
    lock_acquire(&device->lock);
    self->regs.r8 = device->faults;
    if (device->count == 0) {
        syscall_fail(self, ERR_TIMEOUT, 0);
    } else {
        r = &device->records[device->first];
        self->regs.rsi = r->address;
        self->regs.rdx = r->reason;
        self->regs.r10 = r->flags;
        device->first = (device->first + 1) % DEVICE_FAULTS;
        device->count--;
    }
    lock_release(&device->lock);
}

void iommu_info_op(struct thread *self, struct cap *cap)
{
    (void)cap;
    self->regs.rsi = iommu_usable();
    self->regs.rdx = stranger_faults;
    self->regs.r10 = stranger_last;
    self->regs.r8 = iommu_irqs_free();
    self->regs.r9 = iommu_domains_free();
}
