/*
 * Fault records (VT-d 4.1, 7.2 and 11.4): a ring of registers that hardware
 * fills and software empties. The fault interrupt comes once, when the ring
 * turns from empty to not empty; its handler takes records until none is left
 * (R6), within a bound of its own (R7).
 */
#include "iommu/vtd/vtd.h"

#include "kernel/mmio.h"

/* clang-format off */
/* Registers of 32 bits each; the records have two of 64. */
#define REG_FAULT_STATUS     0x34
#define   FSTS_OVERFLOW      (1u << 0) /* PFO: written as 1 to clear */
#define   FSTS_PENDING       (1u << 1) /* PPF */
#define   FSTS_INDEX(s)      (((s) >> 8) & 0xff) /* FRI: oldest of a burst */
#define REG_FAULT_CONTROL    0x38
#define   FECTL_MASK         (1u << 31)

/* Fault record (VT-d 4.1, 9.9), upper half. */
#define RECORD_HIGH          8
#define   RECORD_SOURCE(h)   ((uint16_t)(h))
#define   RECORD_REASON(h)   ((uint8_t)((h) >> 32))
#define   RECORD_READ        ((uint64_t)1 << 62) /* type: read or atomic */
#define   RECORD_VALID       ((uint64_t)1 << 63)
/* Lower half: the page of the access; interrupt faults: index in 63:48. */
#define RECORD_PAGE(l)       ((l)&0xfffffffffffff000ull)
#define RECORD_INDEX(l)      ((uint16_t)((l) >> 48))

/* Reasons 0x20 to 0x26 are of interrupt requests (VT-d 4.1, 5.1.4.1). */
#define REASON_INTERRUPT_FIRST 0x20
#define REASON_INTERRUPT_LAST 0x2f
/* clang-format on */

static volatile uint8_t *record_at(const struct vtd_unit *u, unsigned i)
{
    return u->registers + u->record_offset + i * VTD_RECORD_SIZE;
}

static bool reason_is_interrupt(uint8_t reason)
{
    return reason >= REASON_INTERRUPT_FIRST && reason <= REASON_INTERRUPT_LAST;
}

static void record_decode(const struct vtd_unit *u, uint64_t low, uint64_t high,
                          struct iommu_fault *f)
{
    bool interrupt = reason_is_interrupt(RECORD_REASON(high));

    *f = (struct iommu_fault){
        .segment = u->segment,
        .rid = RECORD_SOURCE(high),
        .reason = RECORD_REASON(high),
        .interrupt = interrupt,
#ifndef MUTATION_fault_direction
        .write = !interrupt && !(high & RECORD_READ),
#endif
        .address = interrupt ? 0 : RECORD_PAGE(low),
        .index = interrupt ? RECORD_INDEX(low) : 0,
    };
}

static void record_choose(struct vtd_unit *u, uint32_t i)
{
    u->fault_next = (uint8_t)(i < u->record_count ? i : 0);
}

/* Takes the record at fault_next, and steps on. Records are filled in ring
 * order, so the first empty one ends the burst. */
static bool record_take(struct vtd_unit *u, struct iommu_fault *f)
{
    volatile uint8_t *record = record_at(u, u->fault_next);
    uint64_t high = mmio_read64(record + RECORD_HIGH);

    if (!(high & RECORD_VALID))
        return false;
    record_decode(u, mmio_read64(record), high, f);
    mmio_write32(record + VTD_RECORD_CLEAR, VTD_RECORD_VALID);
    record_choose(u, u->fault_next + 1u);
    return true;
}

static bool unit_fault_take(struct vtd_unit *u, struct iommu_fault *f)
{
    uint32_t status = mmio_read32(u->registers + REG_FAULT_STATUS);

    if (!(status & (FSTS_PENDING | FSTS_OVERFLOW)))
        return false;
    /* Ours runs along with the hardware's; if it fell out of step, start
     * where the hardware says. */
    bool taken = record_take(u, f);
    if (!taken && (status & FSTS_PENDING)) {
        record_choose(u, FSTS_INDEX(status));
        taken = record_take(u, f);
    }
    if (status & FSTS_OVERFLOW) {
        mmio_write32(u->registers + REG_FAULT_STATUS, FSTS_OVERFLOW);
        if (!taken)
            *f = (struct iommu_fault){.segment = u->segment};
        f->lost = true;
        return true;
    }
    return taken;
}

bool iommu_fault_take(struct iommu_fault *f)
{
    for (unsigned i = 0; i < vtd.unit_count && vtd.on; i++)
        if (unit_fault_take(&vtd.units[i], f))
            return true;
    return false;
}

static void interrupt_mask(struct vtd_unit *u, bool mask)
{
    mmio_write32(u->registers + REG_FAULT_CONTROL, mask ? FECTL_MASK : 0);
}

void iommu_fault_hold(bool hold)
{
    for (unsigned i = 0; i < vtd.unit_count && vtd.on; i++)
        interrupt_mask(&vtd.units[i], hold);
}
