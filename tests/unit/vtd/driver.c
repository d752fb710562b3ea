/* See driver.h. */
#include "tests/unit/vtd/driver.h"

#include "boot/iommu.h"
#include "boot/radix_map.h"

static uint8_t table[512];

bool start(unsigned units, unsigned options)
{
    struct iommu_boot boot = {.table = table,
                              .x2apic = true,
                              .fault_apic_id = 0x12345,
                              .fault_vector = 0xf2};

    model_reset(units, options);
    boot.table_size = model_dmar(table, units);
    return iommu_init(&boot);
}

void domain_make(struct iommu_domain *d)
{
    assert_int_equal(iommu_domain_init(d, model_pages(1)), IOMMU_OK);
    for (int i = 0; i < 6; i++)
        radix_donate(&d->radix, model_pages(1));
}

void map(struct iommu_domain *d, uint64_t at, uint64_t pa, unsigned size,
         unsigned attrs)
{
    assert_int_equal(radix_map(&d->radix, at, (paddr_t){pa}, size, attrs),
                     RADIX_OK);
    assert_int_equal(iommu_domain_publish(d, (iova_t){at}, 1ull << size),
                     IOMMU_OK);
}

void unmap(struct iommu_domain *d, uint64_t at)
{
    struct radix_cursor c;

    radix_cursor_begin(&c, &d->radix, at, 12, 0);
    radix_cursor_clear(&c);
    radix_cursor_end(&c);
}

void protect(struct iommu_domain *d, uint64_t at, uint64_t pa, unsigned attrs)
{
    struct radix_cursor c;

    radix_cursor_begin(&c, &d->radix, at, 12, attrs);
    radix_cursor_put(&c, (paddr_t){pa});
    radix_cursor_end(&c);
}

void device_make(struct iommu_device *dev, uint16_t rid)
{
    assert_int_equal(iommu_device_init(dev, 0, rid), IOMMU_OK);
}

int dma(uint16_t rid, uint64_t address, bool write)
{
    uint64_t pa;
    return model_dma(0, rid, address, write, &pa);
}

const unsigned variants[VARIANTS] = {
    0,
    MODEL_COHERENT,
    MODEL_CACHING_MODE,
    MODEL_WRITE_BUFFER | MODEL_COHERENT,
    MODEL_NO_PAGE_SELECT,
    MODEL_LEVELS_3_ONLY | MODEL_NO_LARGE,
    MODEL_FIRMWARE_ON,
};
struct iommu_irq irq_of(uint16_t source)
{
    return (struct iommu_irq){
        .apic_id = 0x01020304, .source = source, .vector = 0x41};
}
