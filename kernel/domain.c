/*
 * Domains: spaces whose tables translate for devices. Mapping and unmapping is
 * done by the same code as for processes (space.c); what is here confirms
 * changes with the IOMMU (R4).
 */
#include "kernel/device.h"

struct domain {
    struct space space;
    struct iommu_domain iommu;
};
_Static_assert(sizeof(struct domain) <= DOMAIN_HEADER_BYTES, "fits its page");
_Static_assert(RADIX_READ == (int)MAP_READ && RADIX_WRITE == (int)MAP_WRITE &&
                   RADIX_EXEC == (int)MAP_EXEC &&
                   RADIX_UNCACHED == (int)MAP_UNCACHED &&
                   RADIX_WRITE_COMBINE == (int)MAP_WRITE_COMBINE,
               "attributes pass through unchanged");

struct iommu_domain *domain_iommu(struct space *space)
{
    return &((struct domain *)space)->iommu;
}

/* An id is free: untyped_retype has counted them. */
void domain_init(struct space *space, paddr_t root)
{
    struct iommu_domain *d = domain_iommu(space);

    space->tables = &d->radix;
    iommu_domain_init(d, root);
}

bool domain_flush(struct space *space, uint64_t from, uint64_t to)
{
    return iommu_domain_flush(domain_iommu(space), (iova_t){from}, to - from) ==
           IOMMU_OK;
}

bool domain_flush_mapped(struct space *space, uint64_t from, uint64_t to)
{
    return iommu_domain_publish(domain_iommu(space), (iova_t){from},
                                to - from) == IOMMU_OK;
}

/* All Devices have lost their binding to it, and so are blocked. A domain-id
 * that hardware did not give up is kept out of use for ever. */
void domain_destroy(struct space *space)
{
    if (iommu_domain_destroy(domain_iommu(space)) != IOMMU_OK)
        memory_quarantined = true;
}

uint64_t domain_device_count(const struct space *space)
{
    return ((const struct domain *)space)->iommu.devices;
}

uint64_t domain_id(const struct space *space)
{
    return ((const struct domain *)space)->iommu.id;
}
