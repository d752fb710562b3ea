/* Context entries: what a requester's DMA goes through. The caller flushes. */
#pragma once

#include "iommu/vtd/vtd.h"

/* Whether the unit's tables reach the requester's bus; all others want it. */
bool vtd_context_exists(const struct vtd_unit *u, uint16_t rid);
void vtd_context_attach(struct vtd_unit *u, uint16_t rid,
                        const struct iommu_domain *d);
/* Absent and muted. */
void vtd_context_block(struct vtd_unit *u, uint16_t rid);
/* Safe at any time on any CPU. */
void vtd_context_mute(struct vtd_unit *u, uint16_t rid, bool muted);
void vtd_context_read(const struct vtd_unit *u, uint16_t rid,
                      struct iommu_attachment *out);
