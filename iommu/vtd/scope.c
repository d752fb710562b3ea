/*
 * Which unit translates a requester (VT-d 4.1, 8.3.1): the one whose scope
 * names it, or names a bridge that it lies behind; else the segment's unit
 * that includes all the rest. Paths are resolved once, at boot, with the bus
 * numbers that firmware gave the bridges.
 */
#include "iommu/vtd/vtd.h"

#include "kernel/pci_boot.h"

/* clang-format off */
/* PCI-to-PCI bridge (PCI-to-PCI Bridge 1.2, 3.2). */
#define CONFIG_BUSES         0x18 /* primary, secondary, subordinate bus */
#define CONFIG_TYPE          0x0c
#define   TYPE_OF(v)         (((v) >> 16) & 0x7f)
#define   TYPE_BRIDGE        1u
/* clang-format on */

static uint16_t rid_make(uint32_t bus, uint8_t step)
{
    return (uint16_t)(bus << 8 | step);
}

static bool is_bridge(uint16_t rid)
{
    return TYPE_OF(pci_boot_read(rid, CONFIG_TYPE)) == TYPE_BRIDGE;
}

/* Follows the path; false when a step is no bridge. Only segment 0 can be
 * read, so longer paths elsewhere are left out: their devices are refused. */
static bool scope_resolve(const struct dmar_scope *s, struct vtd_scope *out)
{
    bool readable = vtd.dmar.units[s->unit].segment == 0;
    uint16_t rid = rid_make(s->bus, s->path[0]);

    for (unsigned i = 1; i < s->steps; i++) {
        if (!readable || !is_bridge(rid))
            return false;
        rid = rid_make((pci_boot_read(rid, CONFIG_BUSES) >> 8) & 0xff,
                       s->path[i]);
    }
    *out = (struct vtd_scope){
        .first = rid,
        .last = rid,
        .unit = s->unit,
        .type = s->type,
        .id = s->id,
    };
    return true;
}

/* For a bridge also what lies behind it: buses secondary to subordinate. */
static void bridge_add(const struct vtd_scope *bridge)
{
    uint32_t buses = pci_boot_read(bridge->first, CONFIG_BUSES);
    uint32_t first = (buses >> 8) & 0xff, last = (buses >> 16) & 0xff;

    if (!is_bridge(bridge->first) || first == 0 || last < first)
        return;
    struct vtd_scope *s = &vtd.scopes[vtd.scope_count++];
    *s = *bridge;
    s->first = (uint16_t)(first << 8);
    s->last = (uint16_t)(last << 8 | 0xff);
}

void vtd_scopes_resolve(void)
{
    vtd.scope_count = 0;
    for (unsigned i = 0; i < vtd.dmar.scope_count; i++) {
        const struct dmar_scope *s = &vtd.dmar.scopes[i];
        struct vtd_scope *out = &vtd.scopes[vtd.scope_count];
        if (!scope_resolve(s, out))
            continue;
        vtd.scope_count++;
        if (s->type == DMAR_SCOPE_BRIDGE &&
            vtd.dmar.units[s->unit].segment == 0)
            bridge_add(out);
    }
}

static bool is_device_scope(const struct vtd_scope *s)
{
    return s->type == DMAR_SCOPE_ENDPOINT || s->type == DMAR_SCOPE_BRIDGE;
}

bool vtd_scope_find(uint16_t segment, uint16_t rid, uint8_t *unit)
{
    for (unsigned i = 0; i < vtd.scope_count; i++) {
        const struct vtd_scope *s = &vtd.scopes[i];
        if (is_device_scope(s) && vtd.units[s->unit].segment == segment &&
            s->first <= rid && rid <= s->last) {
            *unit = s->unit;
            return true;
        }
    }
    for (unsigned i = 0; i < vtd.unit_count; i++) {
        if (vtd.units[i].include_all && vtd.units[i].segment == segment) {
            *unit = (uint8_t)i;
            return true;
        }
    }
    return false;
}

bool iommu_ioapic_source(uint8_t ioapic_id, uint16_t *rid)
{
    for (unsigned i = 0; i < vtd.scope_count; i++) {
        const struct vtd_scope *s = &vtd.scopes[i];
        if (s->type == DMAR_SCOPE_IOAPIC && s->id == ioapic_id) {
            *rid = s->first;
            return true;
        }
    }
    return false;
}
