/*
 * Domains and the devices that are attached to them. Page tables are changed
 * through the embedded radix; this file makes hardware forget what it cached
 * (VT-d 4.1, 6.5 and 6.6) and confirms that (R4).
 */
#include "iommu/vtd/bitmap.h"
#include "iommu/vtd/vtd.h"

#define DOMAIN_IDS 65536

static uint64_t ids[DOMAIN_IDS / 64];
static uint32_t ids_used;
static struct lock ids_lock;

/* Id 0 tags absent entries in units that cache them (VT-d 4.1, 6.1). */
static uint16_t id_take(void)
{
    lock_acquire(&ids_lock);
    bitmap_set(ids, 0);
    uint32_t id = bitmap_take(ids, DOMAIN_IDS);
    if (id >= vtd.domain_limit) {
        if (id < DOMAIN_IDS)
            bitmap_clear(ids, id);
        id = 0;
    } else {
        ids_used++;
    }
    lock_release(&ids_lock);
    return (uint16_t)id;
}

uint32_t iommu_domains_free(void)
{
    return vtd.on ? vtd.domain_limit - 1 - ids_used : 0;
}

enum iommu_status iommu_domain_init(struct iommu_domain *d, paddr_t root)
{
    if (!vtd.on)
        return IOMMU_OFF;
    uint16_t id = id_take();
    if (id == 0)
        return IOMMU_LIMIT;
    *d = (struct iommu_domain){.id = id};
    radix_init(&d->radix, &vtd.format, root);
    return IOMMU_OK;
}

/* Runs the same flush on every unit that may cache the domain's entries. */
static bool units_flush_domain(const struct iommu_domain *d)
{
    bool confirmed = true;

    for (unsigned i = 0; i < vtd.unit_count; i++) {
        if (!(d->units & (1u << i)))
            continue;
        struct vtd_descriptor all = vtd_iotlb_domain(&vtd.units[i], d->id);
        confirmed &= vtd_queue_run(&vtd.units[i], &all, 1);
    }
    return confirmed;
}

enum iommu_status iommu_domain_destroy(struct iommu_domain *d)
{
    if (d->devices > 0)
        return IOMMU_BUSY;
    if (d->id == 0)
        return IOMMU_OK;
    if (!units_flush_domain(d))
        return IOMMU_UNCONFIRMED;
    lock_acquire(&ids_lock);
    bitmap_clear(ids, d->id);
    ids_used--;
    lock_release(&ids_lock);
    d->id = 0;
    return IOMMU_OK;
}

/* The smallest order whose aligned block covers pages first to last. */
static unsigned range_order(uint64_t first, uint64_t last)
{
    uint64_t differ = (first ^ last) >> PAGE_BITS;

    return differ == 0 ? 0 : 64 - (unsigned)__builtin_clzll(differ);
}

/* Page-selective where one block covers the range, else domain-selective. */
static struct vtd_descriptor range_flush(const struct vtd_unit *u,
                                         const struct iommu_domain *d,
                                         iova_t first, uint64_t bytes)
{
    unsigned order = range_order(first.v, first.v + bytes - 1);

    if ((int)order > u->page_order)
        return vtd_iotlb_domain(u, d->id);
    first.v &= ~((PAGE_SIZE << order) - 1);
    return vtd_iotlb_pages(u, d->id, first, order);
}

enum iommu_status iommu_domain_flush(struct iommu_domain *d, iova_t first,
                                     uint64_t bytes)
{
    bool confirmed = true;

#ifndef MUTATION_skip_iotlb_flush
    for (uint32_t left = bytes > 0 ? d->units : 0; left; left &= left - 1) {
        struct vtd_unit *u = &vtd.units[__builtin_ctz(left)];
        struct vtd_descriptor f = range_flush(u, d, first, bytes);
        confirmed &= vtd_queue_run(u, &f, 1);
    }
#endif
    return confirmed ? IOMMU_OK : IOMMU_UNCONFIRMED;
}

enum iommu_status iommu_domain_publish(struct iommu_domain *d, iova_t first,
                                       uint64_t bytes)
{
    uint32_t left = d->units & vtd.units_to_tell;
    bool confirmed = true;

    for (left = bytes > 0 ? left : 0; left; left &= left - 1) {
        struct vtd_unit *u = &vtd.units[__builtin_ctz(left)];
        struct vtd_descriptor f = range_flush(u, d, first, bytes);
        /* A run drains the unit's write buffer in any case. */
        confirmed &= vtd_queue_run(u, &f, u->caches_absent ? 1 : 0);
    }
    return confirmed ? IOMMU_OK : IOMMU_UNCONFIRMED;
}

enum iommu_status iommu_device_init(struct iommu_device *dev, uint16_t segment,
                                    uint16_t rid)
{
    uint8_t unit;

    if (!vtd.on)
        return IOMMU_OFF;
    if (!vtd_scope_find(segment, rid, &unit) ||
        !vtd_context_exists(&vtd.units[unit], rid))
        return IOMMU_NO_UNIT;
    *dev = (struct iommu_device){.segment = segment, .rid = rid, .unit = unit};
    return IOMMU_OK;
}

/* Makes the unit forget the requester's context entry and all translations of
 * its domain, in this order (VT-d 4.1, 6.5.2.1). */
static bool attachment_flush(struct vtd_unit *u, uint16_t rid, uint16_t id)
{
    struct vtd_descriptor d[2];
    unsigned n = 0;

#ifndef MUTATION_skip_context_flush
    d[n++] = vtd_context_device(id, rid);
#endif
#ifndef MUTATION_skip_iotlb_flush
    d[n++] = vtd_iotlb_domain(u, id);
#endif
    return vtd_queue_run(u, d, n);
}

enum iommu_status iommu_attach(struct iommu_device *dev, struct iommu_domain *d)
{
    struct vtd_unit *u = &vtd.units[dev->unit];

    if (dev->domain != NULL)
        return IOMMU_BUSY;
    d->units |= 1u << dev->unit;
    d->devices++;
    dev->domain = d;
    dev->muted = false;
    vtd_context_attach(u, dev->rid, d);
    if (!(vtd.units_to_tell & 1u << dev->unit))
        return IOMMU_OK;
    /* Absent context entries are cached under id 0. */
    return attachment_flush(u, dev->rid, 0) &&
                   attachment_flush(u, dev->rid, d->id)
               ? IOMMU_OK
               : IOMMU_UNCONFIRMED;
}

enum iommu_status iommu_block(struct iommu_device *dev)
{
    struct vtd_unit *u = &vtd.units[dev->unit];
    uint16_t id = dev->domain != NULL ? dev->domain->id : 0;

    vtd_context_block(u, dev->rid);
    dev->muted = true;
    if (!attachment_flush(u, dev->rid, id))
        return IOMMU_UNCONFIRMED;
    if (dev->domain != NULL)
        dev->domain->devices--;
    dev->domain = NULL;
    return IOMMU_OK;
}

static enum iommu_status requester_mute(struct vtd_unit *u, uint16_t rid,
                                        bool muted)
{
    struct iommu_attachment a;
    struct vtd_descriptor f;

    vtd_context_mute(u, rid, muted);
    vtd_context_read(u, rid, &a);
    f = vtd_context_device(a.present ? a.domain_id : 0, rid);
    return vtd_queue_run(u, &f, 1) ? IOMMU_OK : IOMMU_UNCONFIRMED;
}

enum iommu_status iommu_mute(struct iommu_device *dev, bool muted)
{
    dev->muted = muted;
    return requester_mute(&vtd.units[dev->unit], dev->rid, muted);
}

enum iommu_status iommu_mute_requester(uint16_t segment, uint16_t rid)
{
    struct iommu_device dev;
    enum iommu_status s = iommu_device_init(&dev, segment, rid);

    return s == IOMMU_OK ? iommu_mute(&dev, true) : s;
}

enum iommu_status iommu_attachment_read(uint16_t segment, uint16_t rid,
                                        struct iommu_attachment *out)
{
    struct iommu_device dev;
    enum iommu_status s = iommu_device_init(&dev, segment, rid);

    if (s == IOMMU_OK)
        vtd_context_read(&vtd.units[dev.unit], rid, out);
    return s;
}
