/*
 * Switching VT-d on at boot (R1): read the table, check every unit, agree on
 * one page-table format, then enable unit after unit. If one of them cannot be
 * used, none is: a system that cages some of its devices cages none.
 */
#include "boot/iommu.h"
#include "boot/machine.h"
#include "boot/print.h"
#include "boot/vtd/start.h"
#include "iommu/vtd/radix_vtd.h"

struct dmar vtd_dmar;

static struct unit_offer offers[VTD_MAX_UNITS];
static const char *why_off;

const char *iommu_reason(void)
{
    return why_off;
}

static void unit_map(struct vtd_unit *u, const struct dmar_unit *d)
{
    u->registers = mmio_map(d->registers, d->size);
    u->segment = d->segment;
    u->include_all = d->include_all;
}

static const char *units_probe(void)
{
    vtd.unit_count = vtd_dmar.unit_count;
    for (unsigned i = 0; i < vtd.unit_count; i++) {
        unit_map(&vtd.units[i], &vtd_dmar.units[i]);
        const char *lacks =
            unit_probe(&vtd.units[i], vtd_dmar.units[i].size, &offers[i]);
        if (lacks != NULL)
            return lacks;
    }
    return NULL;
}

static bool units_have_levels(unsigned levels)
{
    for (unsigned i = 0; i < vtd.unit_count; i++)
        if (!(offers[i].levels & (1u << levels)))
            return false;
    return true;
}

/* What all units offer; the widest addresses of these. */
static const char *units_agree(void)
{
    unsigned levels = units_have_levels(4) ? 4 : 3;
    unsigned bits = 64;
    uint64_t sizes = ~(uint64_t)0;

    if (!units_have_levels(levels))
        return "the IOMMU units share no page-table depth";
    vtd.domain_limit = 65536;
    for (unsigned i = 0; i < vtd.unit_count; i++) {
        const struct unit_offer *u = &offers[i];
        sizes &= u->leaf_sizes;
        vtd.incoherent |= u->incoherent;
        if (vtd.units[i].caches_absent || vtd.units[i].buffers_writes)
            vtd.units_to_tell |= 1u << i;
        if (u->address_bits < bits)
            bits = u->address_bits;
        if (u->domains < vtd.domain_limit)
            vtd.domain_limit = u->domains;
    }
    radix_vtd_format(&vtd.format, levels, sizes, vtd.incoherent);
    if (bits < vtd.format.input_bits)
        vtd.format.input_bits = bits;
    return NULL;
}

/* 32-bit destinations, where the local APICs and all units can. */
static void x2apic_choose(bool wanted)
{
    vtd.x2apic = wanted;
    for (unsigned i = 0; i < vtd.unit_count; i++)
        vtd.x2apic &= offers[i].x2apic;
}

bool iommu_x2apic(void)
{
    return vtd.x2apic;
}

static const char *units_enable(const struct iommu_boot *boot)
{
    scopes_resolve();
    remap_table_make();
    for (unsigned i = 0; i < vtd.unit_count; i++) {
        struct vtd_unit *u = &vtd.units[i];
        unit_tables_make(u);
        const char *wrong = unit_enable(u, &offers[i]);
        if (wrong != NULL)
            return wrong;
        unit_faults_enable(u, boot->fault_vector, boot->fault_apic_id);
    }
    return NULL;
}

static const char *vtd_start(const struct iommu_boot *boot)
{
    const char *wrong;

    if (boot->table == NULL)
        return "the machine has no IOMMU (no DMAR table)";
    wrong = dmar_read(boot->table, boot->table_size, &vtd_dmar);
    if (wrong == NULL && !vtd_dmar.interrupts)
        wrong = "the platform does not support interrupt remapping";
    if (wrong == NULL)
        wrong = units_probe();
    if (wrong == NULL)
        wrong = units_agree();
    if (wrong == NULL) {
        x2apic_choose(boot->x2apic);
        wrong = units_enable(boot);
    }
    return wrong;
}

bool iommu_init(const struct iommu_boot *boot)
{
    vtd = (struct vtd){.on = false};
    why_off = vtd_start(boot);
    vtd.on = why_off == NULL;
    if (!vtd.on) {
        kprintf("iommu: off: %s\n", why_off);
        return false;
    }
    kprintf("iommu: VT-d on, %u units, %s, %u domains\n", vtd.unit_count,
            vtd.format.name, vtd.domain_limit);
    for (unsigned i = 0; i < vtd_dmar.reserved_count; i++)
        kprintf("iommu: firmware reserves %lx to %lx (RMRR): not mapped\n",
                vtd_dmar.reserved[i].base, vtd_dmar.reserved[i].limit);
    return true;
}
