/*
 * Queued invalidation (VT-d 4.1, 6.5.2). A run puts its descriptors, fences
 * between them, and a wait descriptor into the unit's queue and polls, with a
 * bound, for the status that it writes: R4's confirmation. The queue is empty
 * between runs.
 *
 * Errors are repaired (VT-d 4.1, 6.5.2.10): a descriptor that the unit refuses
 * is overwritten by one without effect, the error is cleared, the unit goes
 * on, and the run is tried once more from its start. A unit that does not
 * answer is dead from then on: everything that needs it is not confirmed, and
 * nobody waits for it again (R9).
 */
#include "iommu/vtd/vtd.h"

#include "kernel/cache.h"
#include "kernel/mmio.h"

/* clang-format off */
/* Registers (VT-d 4.1, 11.4). */
#define REG_FAULT_STATUS     0x34 /* 32 bits */
#define   FSTS_QUEUE_ERROR   (1u << 4) /* IQE: descriptor refused */
#define   FSTS_DEVICE_ERROR  (1u << 5) /* ICE: odd completion by a device */
#define   FSTS_DEVICE_SILENT (1u << 6) /* ITE: device TLB did not answer */
#define   FSTS_ERRORS        (FSTS_QUEUE_ERROR | FSTS_DEVICE_ERROR | \
                              FSTS_DEVICE_SILENT)
#define REG_QUEUE_HEAD       0x80 /* 64 bits, bits 18:4 */
#define REG_QUEUE_TAIL       0x88
#define QUEUE_SHIFT          4

#define QUEUE_SLOTS          (PAGE_SIZE / sizeof(struct vtd_descriptor))

/* Descriptor types (VT-d 4.1, 6.5.2.1 to 6.5.2.8). */
#define TYPE_CONTEXT         1u
#define   CONTEXT_GLOBAL     (1u << 4)
#define   CONTEXT_DEVICE     (3u << 4)
#define   CONTEXT_DOMAIN_SHIFT 16
#define   CONTEXT_SOURCE_SHIFT 32
#define TYPE_IOTLB           2u
#define   IOTLB_GLOBAL       (1u << 4)
#define   IOTLB_DOMAIN       (2u << 4)
#define   IOTLB_PAGES        (3u << 4)
#define   IOTLB_DRAIN_SHIFT  6 /* writes; above it reads */
#define   IOTLB_DOMAIN_SHIFT 16
#define TYPE_ENTRY           4u
#define   ENTRY_INDEXED      (1u << 4)
#define   ENTRY_INDEX_SHIFT  32
#define TYPE_WAIT            5u
#define   WAIT_STATUS        (1u << 5) /* never with bit 4, interrupt */
#define   WAIT_FENCE         (1u << 6)
#define   WAIT_DATA_SHIFT    32

/* How long a unit may take to finish one run. */
#define RUN_BOUND_NS         100000000ull
/* How long a unit may take to confirm a command. */
#define COMMAND_BOUND_NS     100000000ull
/* Errors in one run after which the unit counts as dead. */
#define MAX_REPAIRS          16
/* clang-format on */

/* Wait descriptors ask for the status write alone: together with an interrupt
 * QEMU ends, and we poll anyway. */
static struct vtd_descriptor descriptor_wait(const struct vtd_queue *q)
{
    return (struct vtd_descriptor){
        .low = TYPE_WAIT | WAIT_STATUS | WAIT_FENCE |
               (uint64_t)q->sequence << WAIT_DATA_SHIFT,
        .high = virt_to_phys((const void *)(uintptr_t)q->status).v,
    };
}

/* Writes a status that nobody looks for. What follows it in the queue begins
 * when what precedes it is done; else a unit may choose (VT-d 4.1, 6.5.2.11),
 * and fill its IOTLB through a context entry that is about to go. */
static struct vtd_descriptor descriptor_fence(const struct vtd_queue *q)
{
    struct vtd_descriptor d = descriptor_wait(q);

    d.low &= 0xffffffff;
    return d;
}

struct vtd_descriptor vtd_context_all(void)
{
    return (struct vtd_descriptor){.low = TYPE_CONTEXT | CONTEXT_GLOBAL};
}

struct vtd_descriptor vtd_context_device(uint16_t domain_id, uint16_t rid)
{
    return (struct vtd_descriptor){
        .low = TYPE_CONTEXT | CONTEXT_DEVICE |
               (uint64_t)domain_id << CONTEXT_DOMAIN_SHIFT |
               (uint64_t)rid << CONTEXT_SOURCE_SHIFT,
    };
}

/* Accesses in flight are drained by units that can (VT-d 4.1, 6.5.2.3). */
static uint64_t iotlb_low(const struct vtd_unit *u, uint64_t granularity,
                          uint16_t domain_id)
{
    return TYPE_IOTLB | granularity | (uint64_t)u->drains << IOTLB_DRAIN_SHIFT |
           (uint64_t)domain_id << IOTLB_DOMAIN_SHIFT;
}

struct vtd_descriptor vtd_iotlb_all(const struct vtd_unit *u)
{
    return (struct vtd_descriptor){.low = iotlb_low(u, IOTLB_GLOBAL, 0)};
}

struct vtd_descriptor vtd_iotlb_domain(const struct vtd_unit *u,
                                       uint16_t domain_id)
{
    return (struct vtd_descriptor){
        .low = iotlb_low(u, IOTLB_DOMAIN, domain_id),
    };
}

struct vtd_descriptor vtd_iotlb_pages(const struct vtd_unit *u,
                                      uint16_t domain_id, iova_t first,
                                      unsigned order)
{
    return (struct vtd_descriptor){
        .low = iotlb_low(u, IOTLB_PAGES, domain_id),
        .high = (first.v & ~(PAGE_SIZE - 1)) | order,
    };
}

struct vtd_descriptor vtd_entries_all(void)
{
    return (struct vtd_descriptor){.low = TYPE_ENTRY};
}

struct vtd_descriptor vtd_entry(uint16_t index)
{
    return (struct vtd_descriptor){
        .low =
            TYPE_ENTRY | ENTRY_INDEXED | (uint64_t)index << ENTRY_INDEX_SHIFT,
    };
}

static inline void slot_append(struct vtd_queue *q, struct vtd_descriptor d)
{
    uint32_t tail = q->tail;

    q->slots[tail] = d;
    q->tail = (tail + 1) % QUEUE_SLOTS;
}

/* Hands the slots from `first` on to the unit. */
static void tail_write(struct vtd_unit *u, uint32_t first)
{
    const struct vtd_queue *q = &u->queue;
    uint32_t end = q->tail;

    if (vtd.incoherent && end < first) { /* around the end of the queue */
        cache_flush(q->slots, end * sizeof(*q->slots));
        end = QUEUE_SLOTS;
    }
    if (vtd.incoherent)
        cache_flush(&q->slots[first], (end - first) * sizeof(*q->slots));
    mmio_write64(u->registers + REG_QUEUE_TAIL,
                 (uint64_t)u->queue.tail << QUEUE_SHIFT);
}

/*
 * Looks for errors and repairs them; true if there was one. Then it asks for
 * the status again: a device TLB's silence aborts the wait itself (VT-d 4.1,
 * 6.5.2.10), and a unit may look for work only when the tail is written.
 */
static bool errors_repair(struct vtd_unit *u)
{
    struct vtd_queue *q = &u->queue;
    uint32_t first = q->tail,
             errors =
                 mmio_read32(u->registers + REG_FAULT_STATUS) & FSTS_ERRORS;

    if (errors == 0)
        return false;
    if (errors & FSTS_QUEUE_ERROR) {
        uint64_t head = mmio_read64(u->registers + REG_QUEUE_HEAD);
        first = (uint32_t)(head >> QUEUE_SHIFT) % QUEUE_SLOTS;
        q->slots[first] = descriptor_fence(q);
    }
    mmio_write32(u->registers + REG_FAULT_STATUS, errors);
    slot_append(q, descriptor_wait(q));
    tail_write(u, first);
    return true;
}

static bool is_answered(const struct vtd_queue *q)
{
    return __atomic_load_n(q->status, __ATOMIC_ACQUIRE) == q->sequence;
}

/* Waits for the wait descriptor's status; *repaired says that an error came
 * in between, so that something may have been left out. */
static bool run_wait(struct vtd_unit *u, bool *repaired)
{
    uint64_t end = clock_tsc_to_ns(clock_tsc()) + RUN_BOUND_NS;
    unsigned repairs = 0;

    while (!is_answered(&u->queue)) {
        if (errors_repair(u)) {
            *repaired = true;
            if (++repairs > MAX_REPAIRS)
                return false;
        }
        if (clock_tsc_to_ns(clock_tsc()) > end)
            return is_answered(&u->queue);
        if (!is_answered(&u->queue))
            __asm__ volatile("pause");
    }
    return true;
}

static bool run_once(struct vtd_unit *u, const struct vtd_descriptor *d,
                     unsigned n, bool *repaired)
{
    struct vtd_queue *q = &u->queue;
    uint32_t first = q->tail;

    /* Never 0: that is what a repaired slot writes. */
    q->sequence = q->sequence == UINT32_MAX ? 1 : q->sequence + 1;
    for (unsigned i = 0; i < n; i++) {
        if (i > 0)
            slot_append(q, descriptor_fence(q));
        slot_append(q, d[i]);
    }
    slot_append(q, descriptor_wait(q));
    tail_write(u, first);
    *repaired = false;
    if (is_answered(q) || run_wait(u, repaired))
        return true;
    q->dead = true;
    return false;
}

bool vtd_register_wait(const struct vtd_unit *u, unsigned reg, uint32_t bits,
                       uint32_t value)
{
    uint64_t end = clock_tsc_to_ns(clock_tsc()) + COMMAND_BOUND_NS;

    for (;;) {
        bool late = clock_tsc_to_ns(clock_tsc()) > end;
        if ((mmio_read32(u->registers + reg) & bits) == value)
            return true;
        if (late)
            return false;
    }
}

/* Waits until software's writes have left the unit's buffers (VT-d 4.1, 6.8).
 */
static bool writes_drain(struct vtd_unit *u)
{
    uint32_t on = mmio_read32(u->registers + VTD_STATUS) & VTD_LASTING;
    mmio_write32(u->registers + VTD_COMMAND, on | VTD_WRITE_BUFFER);
    return vtd_register_wait(u, VTD_STATUS, VTD_WRITE_BUFFER, 0);
}

bool vtd_queue_run(struct vtd_unit *u, const struct vtd_descriptor *d,
                   unsigned n)
{
    struct vtd_queue *q = &u->queue;
    bool repaired = true, done = true;

    lock_acquire(&q->lock);
    if (q->dead || (u->buffers_writes && !writes_drain(u)))
        done = false;
    for (unsigned tries = 0; done && repaired && tries < 2; tries++)
        done = run_once(u, d, n, &repaired);
    lock_release(&q->lock);
    return done && !repaired;
}
