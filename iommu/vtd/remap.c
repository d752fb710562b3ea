/*
 * Interrupt remapping (VT-d 4.1, 5.1 and 9.10). One table serves all units. An
 * entry names its one source and is checked against the full requester ID
 * (R5); a full table is an error. Entries are absent until they are set.
 */
#include "iommu/vtd/bitmap.h"
#include "iommu/vtd/vtd.h"

#include "kernel/cache.h"

/* Entry, lower half. Destination mode, redirection and delivery mode stay 0:
 * physical, exactly that CPU, fixed. */
#define ENTRY_PRESENT      ((uint64_t)1 << 0)
#define ENTRY_MUTED        ((uint64_t)1 << 1) /* FPD; counts when absent too */
#define ENTRY_LEVEL        ((uint64_t)1 << 4) /* trigger mode */
#define ENTRY_VECTOR_SHIFT 16
#define ENTRY_APIC_SHIFT   40 /* 8-bit APIC ID */
#define ENTRY_X2APIC_SHIFT 32 /* 32-bit APIC ID */
#define APIC_ID_MAX        254
/* Upper half: source-id, and how it is verified. */
#define ENTRY_SOURCE_MASK 0xffffull
#define ENTRY_VERIFY_FULL ((uint64_t)1 << 18) /* SVT = 01, SQ = 00 */

/* Remappable-format message (VT-d 4.1, 5.1.2.2). Bit 3, subhandle valid, is
 * 0: the handle alone is the index, and the data does not matter. */
#define MESSAGE_BASE        0xfee00000ull
#define MESSAGE_REMAPPABLE  ((uint64_t)1 << 4)
#define MESSAGE_HANDLE_LOW  5 /* bits 19:5: index bits 14:0 */
#define MESSAGE_HANDLE_HIGH 2 /* bit 2: index bit 15 */

static struct lock used_lock;

uint32_t iommu_irqs_free(void)
{
    return vtd.on ? VTD_ENTRIES - vtd.entries_taken : 0;
}

enum iommu_status iommu_irq_alloc(uint16_t *index)
{
    if (!vtd.on)
        return IOMMU_OFF;
    lock_acquire(&used_lock);
    uint32_t found = bitmap_take(vtd.entries_used, VTD_ENTRIES);
    vtd.entries_taken += found < VTD_ENTRIES;
    lock_release(&used_lock);
    *index = (uint16_t)found;
    return found < VTD_ENTRIES ? IOMMU_OK : IOMMU_LIMIT;
}

void iommu_irq_free(uint16_t index)
{
    lock_acquire(&used_lock);
    bitmap_clear(vtd.entries_used, index);
    vtd.entries_taken--;
    lock_release(&used_lock);
}

static void word_store(uint64_t *word, uint64_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
    if (vtd.incoherent)
        cache_flush(word, sizeof(*word));
}

/* Any unit may have cached the entry, also on behalf of a forger. */
static enum iommu_status units_flush(struct vtd_descriptor d)
{
    bool confirmed = true;

#ifndef MUTATION_skip_entry_flush
    for (unsigned i = 0; i < vtd.unit_count; i++)
        confirmed &= vtd_queue_run(&vtd.units[i], &d, 1);
#else
    (void)d;
#endif
    return confirmed ? IOMMU_OK : IOMMU_UNCONFIRMED;
}

enum iommu_status iommu_irq_set(uint16_t index, const struct iommu_irq *irq)
{
    unsigned shift = vtd.x2apic ? ENTRY_X2APIC_SHIFT : ENTRY_APIC_SHIFT;
    uint64_t verify = ENTRY_VERIFY_FULL;

#ifdef MUTATION_no_source_id
    verify = 0;
#endif
    if (!vtd.x2apic && irq->apic_id > APIC_ID_MAX)
        return IOMMU_LIMIT;
    word_store(&vtd.entries[index].high, irq->source | verify);
    word_store(&vtd.entries[index].low,
               ENTRY_PRESENT | (irq->level ? ENTRY_LEVEL : 0) |
                   (uint64_t)irq->vector << ENTRY_VECTOR_SHIFT |
                   (uint64_t)irq->apic_id << shift);
    /* Absent entries are cached by units in caching mode only, but a run
     * also drains write buffers; making an interrupt is rare. */
    return units_flush(vtd_entry(index));
}

void iommu_irq_remove(uint16_t index)
{
    word_store(&vtd.entries[index].low, 0);
}

enum iommu_status iommu_irqs_confirm(void)
{
    return units_flush(vtd_entries_all());
}

enum iommu_status iommu_irq_mask(uint16_t index)
{
    word_store(&vtd.entries[index].low, ENTRY_MUTED);
    return units_flush(vtd_entry(index));
}

void iommu_irq_message(uint16_t index, uint64_t *address, uint32_t *data)
{
    *address = MESSAGE_BASE | MESSAGE_REMAPPABLE |
               (uint64_t)(index & 0x7fff) << MESSAGE_HANDLE_LOW |
               (uint64_t)(index >> 15) << MESSAGE_HANDLE_HIGH;
    *data = 0;
}

bool iommu_irq_read(uint16_t index, struct iommu_irq *irq)
{
    if (!vtd.on || index >= VTD_ENTRIES ||
        !(vtd.entries[index].low & ENTRY_PRESENT))
        return false;
    uint64_t low = vtd.entries[index].low;
    *irq = (struct iommu_irq){
        .apic_id = vtd.x2apic ? (uint32_t)(low >> ENTRY_X2APIC_SHIFT)
                              : (uint32_t)(low >> ENTRY_APIC_SHIFT) & 0xff,
        .source = (uint16_t)(vtd.entries[index].high & ENTRY_SOURCE_MASK),
        .vector = (uint8_t)(low >> ENTRY_VECTOR_SHIFT),
        .level = (low & ENTRY_LEVEL) != 0,
    };
    return true;
}
