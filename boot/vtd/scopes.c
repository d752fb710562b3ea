/*
 * Device scopes (VT-d 4.1, 8.3.1): their paths are resolved once, with the bus
 * numbers that firmware gave the bridges. HPETs and ACPI's name space devices
 * get no capability, so their scopes are left out.
 */
#include "boot/pci_boot.h"
#include "boot/vtd/start.h"

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
    bool readable = vtd_dmar.units[s->unit].segment == 0;
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
        .is_ioapic = s->type == DMAR_SCOPE_IOAPIC,
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

void scopes_resolve(void)
{
    vtd.scope_count = 0;
    for (unsigned i = 0; i < vtd_dmar.scope_count; i++) {
        const struct dmar_scope *s = &vtd_dmar.scopes[i];
        struct vtd_scope *out = &vtd.scopes[vtd.scope_count];
        if (s->type > DMAR_SCOPE_IOAPIC || !scope_resolve(s, out))
            continue;
        vtd.scope_count++;
        if (s->type == DMAR_SCOPE_BRIDGE &&
            vtd_dmar.units[s->unit].segment == 0)
            bridge_add(out);
    }
}
