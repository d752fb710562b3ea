/*
 * Which unit translates a requester (VT-d 4.1, 8.3.1): the one whose scope
 * names it, or names a bridge that it lies behind; else the segment's unit
 * that includes all the rest.
 */
#include "iommu/vtd/vtd.h"

struct vtd vtd;

bool iommu_usable(void)
{
    return vtd.on;
}

bool vtd_scope_find(uint16_t segment, uint16_t rid, uint8_t *unit)
{
    for (unsigned i = 0; i < vtd.scope_count; i++) {
        const struct vtd_scope *s = &vtd.scopes[i];
        if (!s->is_ioapic && vtd.units[s->unit].segment == segment &&
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
        if (s->is_ioapic && s->id == ioapic_id) {
            *rid = s->first;
            return true;
        }
    }
    return false;
}
