/*
 * One remapping unit: what it must offer, and how it is switched on
 * (VT-d 4.1, chapter 11). Everything a unit is told goes through its command
 * register, and its status register confirms; each wait has a bound.
 */
#include "boot/vtd/start.h"

#include "kernel/mmio.h"

/* clang-format off */
/* Registers (VT-d 4.1, 11.4). Of 32 bits unless it says 64. */
#define REG_VERSION          0x00
#define REG_CAPABILITY       0x08 /* 64 */
#define   CAP_DOMAINS(c)     (4 + 2 * ((unsigned)(c)&7)) /* log2 */
#define   CAP_WRITE_BUFFER   ((uint64_t)1 << 4) /* RWBF */
#define   CAP_PROTECTED_LOW  ((uint64_t)1 << 5) /* PLMR */
#define   CAP_PROTECTED_HIGH ((uint64_t)1 << 6) /* PHMR */
#define   CAP_CACHING_MODE   ((uint64_t)1 << 7) /* CM */
#define   CAP_LEVELS_3       ((uint64_t)1 << 9) /* SAGAW, 39 bits */
#define   CAP_LEVELS_4       ((uint64_t)1 << 10) /* SAGAW, 48 bits */
#define   CAP_ADDRESS(c)     (((unsigned)((c) >> 16) & 0x3f) + 1) /* MGAW */
#define   CAP_RECORD_OFFSET(c) (((uint32_t)((c) >> 24) & 0x3ff) * 16) /* FRO */
#define   CAP_LARGE_2M       ((uint64_t)1 << 34)
#define   CAP_LARGE_1G       ((uint64_t)1 << 35)
#define   CAP_PAGE_SELECT    ((uint64_t)1 << 39) /* PSI */
#define   CAP_RECORDS(c)     (((uint32_t)((c) >> 40) & 0xff) + 1) /* NFR */
#define   CAP_PAGE_ORDER(c)  ((int)((c) >> 48) & 0x3f) /* MAMV */
#define   CAP_DRAINS(cap)    ((cap) >> 54 & 3) /* writes, reads */
#define REG_EXTENDED         0x10 /* 64 */
#define   ECAP_COHERENT      ((uint64_t)1 << 0)
#define   ECAP_QUEUE         ((uint64_t)1 << 1)
#define   ECAP_REMAP         ((uint64_t)1 << 3)
#define   ECAP_X2APIC        ((uint64_t)1 << 4)
/* Further bits of the command and status registers. */
#define   GLOBAL_ROOT        (1u << 30) /* take the root table's address */
#define   GLOBAL_REMAP_TABLE (1u << 24)
#define   GLOBAL_COMPAT      (1u << 23) /* compatibility format passes */
#define REG_ROOT             0x20 /* 64; bits 11:10 = 0: legacy mode */
#define REG_PROTECTED        0x64
#define   PROTECTED_ENABLE   (1u << 31)
#define   PROTECTED_STATUS   (1u << 0)
#define REG_QUEUE_TAIL       0x88 /* 64 */
#define REG_QUEUE_ADDRESS    0x90 /* 64; size 0: one page, 128-bit entries */
#define REG_REMAP_TABLE      0xb8 /* 64 */
#define   REMAP_X2APIC       ((uint64_t)1 << 11) /* EIME */
/* clang-format on */

static void capabilities_read(struct vtd_unit *u, struct unit_offer *offer,
                              uint64_t cap, uint64_t ecap)
{
    unsigned domains = CAP_DOMAINS(cap);

    offer->levels =
        (cap & CAP_LEVELS_3 ? 1u << 3 : 0) | (cap & CAP_LEVELS_4 ? 1u << 4 : 0);
    offer->leaf_sizes = (uint64_t)1 << PAGE_BITS |
                        (cap & CAP_LARGE_2M ? (uint64_t)1 << PAGE_2M_BITS : 0) |
                        (cap & CAP_LARGE_1G ? (uint64_t)1 << PAGE_1G_BITS : 0);
    offer->address_bits = CAP_ADDRESS(cap);
    offer->domains = (uint32_t)1 << (domains > 16 ? 16 : domains);
    u->page_order = cap & CAP_PAGE_SELECT ? CAP_PAGE_ORDER(cap) : -1;
    u->buffers_writes = cap & CAP_WRITE_BUFFER;
    u->caches_absent = cap & CAP_CACHING_MODE;
    u->drains = CAP_DRAINS(cap);
    offer->protects = cap & (CAP_PROTECTED_LOW | CAP_PROTECTED_HIGH);
    offer->incoherent = !(ecap & ECAP_COHERENT);
    offer->x2apic = ecap & ECAP_X2APIC;
    u->record_count = CAP_RECORDS(cap);
    u->record_offset = CAP_RECORD_OFFSET(cap);
}

const char *unit_probe(struct vtd_unit *u, uint32_t size,
                       struct unit_offer *offer)
{
    uint32_t version = mmio_read32(u->registers + REG_VERSION);
    uint64_t cap = mmio_read64(u->registers + REG_CAPABILITY);
    uint64_t ecap = mmio_read64(u->registers + REG_EXTENDED);

    if (version == UINT32_MAX || cap == UINT64_MAX)
        return "an IOMMU unit's registers do not answer";
    if (!(ecap & ECAP_QUEUE))
        return "an IOMMU unit has no queued invalidation";
    if (!(ecap & ECAP_REMAP))
        return "an IOMMU unit has no interrupt remapping";
    capabilities_read(u, offer, cap, ecap);
    if (offer->levels == 0)
        return "an IOMMU unit has no page tables of 3 or 4 levels";
    if (u->record_offset + u->record_count * VTD_RECORD_SIZE > size)
        return "an IOMMU unit's fault records lie beyond its registers";
    return NULL;
}

/* Gives one command on top of what is on, and waits for its status bit.
 * Compatibility-format interrupts are never let through. */
static bool command_on(struct vtd_unit *u, uint32_t command)
{
    uint32_t on = mmio_read32(u->registers + VTD_STATUS) & VTD_LASTING;

    mmio_write32(u->registers + VTD_COMMAND, on | command);
    return vtd_register_wait(u, VTD_STATUS, command, command);
}

static bool command_off(struct vtd_unit *u, uint32_t command)
{
    uint32_t on = mmio_read32(u->registers + VTD_STATUS) & VTD_LASTING;

    if (!(on & command))
        return true;
    mmio_write32(u->registers + VTD_COMMAND, on & ~command);
    return vtd_register_wait(u, VTD_STATUS, command, 0);
}

/* VT-d 4.1, 11.4: 2^(n+1) entries, and the width of their destinations. */
uint64_t remap_register(void)
{
    return virt_to_phys(vtd.entries).v | (VTD_ENTRIES_LOG2 - 1) |
           (vtd.x2apic ? REMAP_X2APIC : 0);
}

/* Starts the queue anew; firmware may have left one of its own. */
static bool queue_start(struct vtd_unit *u)
{
    if (!command_off(u, VTD_QUEUE))
        return false;
    mmio_write64(u->registers + REG_QUEUE_TAIL, 0);
    mmio_write64(u->registers + REG_QUEUE_ADDRESS,
                 virt_to_phys(u->queue.slots).v);
    return command_on(u, VTD_QUEUE);
}

static bool caches_flush(struct vtd_unit *u)
{
    const struct vtd_descriptor all[] = {
        vtd_context_all(),
        vtd_iotlb_all(u),
        vtd_entries_all(),
    };

    return vtd_queue_run(u, all, 3);
}

/* Firmware's protected-memory regions would block what domains allow. */
static bool protection_off(struct vtd_unit *u)
{
    uint32_t value = mmio_read32(u->registers + REG_PROTECTED);
    mmio_write32(u->registers + REG_PROTECTED, value & ~PROTECTED_ENABLE);
    return vtd_register_wait(u, REG_PROTECTED, PROTECTED_STATUS, 0);
}

/*
 * The tables are in place before the commands that need them, and what
 * firmware left in the caches is gone before translation counts. Firmware's
 * translation, if on, stays on throughout: there is no moment without.
 */
const char *unit_enable(struct vtd_unit *u, const struct unit_offer *offer)
{
    mmio_write64(u->registers + REG_ROOT, virt_to_phys(u->root).v);
    if (!command_on(u, GLOBAL_ROOT))
        return "an IOMMU unit did not take its root table";
    mmio_write64(u->registers + REG_REMAP_TABLE, remap_register());
    if (!command_on(u, GLOBAL_REMAP_TABLE))
        return "an IOMMU unit did not take its remapping table";
    if (!queue_start(u))
        return "an IOMMU unit did not start its queue";
    if (!caches_flush(u))
        return "an IOMMU unit did not confirm an invalidation";
#ifndef MUTATION_no_translation
    if (!command_on(u, VTD_TRANSLATE))
        return "an IOMMU unit did not switch translation on";
#endif
    if (!command_on(u, VTD_REMAP))
        return "an IOMMU unit did not switch interrupt remapping on";
    if (!vtd_register_wait(u, VTD_STATUS, GLOBAL_COMPAT, 0))
        return "an IOMMU unit lets compatibility-format interrupts through";
    if (offer->protects && !protection_off(u))
        return "an IOMMU unit did not drop its protected regions";
    return NULL;
}
