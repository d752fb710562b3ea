/*
 * The VT-d driver on a model of the hardware (vtd_model.h): everything off by
 * default (R1), revocation complete and confirmed (R4), live tables read out
 * (R12), and units that cannot be used.
 *
 * The MUTATION_ builds of the driver must make these tests and those of
 * test_iommu_events.c fail.
 *
 * links: tests/unit/vtd/driver.c
 * links: tests/unit/vtd/dmar.c tests/unit/vtd/memory.c
 * links: tests/unit/vtd/queue.c tests/unit/vtd/registers.c
 * links: tests/unit/vtd/requests.c
 * links: boot/radix_map.c kernel/radix.c
 * links: iommu/vtd/radix_vtd.c iommu/vtd/scope.c boot/vtd/dmar.c
 * links: boot/vtd/scopes.c iommu/vtd/queue.c iommu/vtd/context.c
 * links: iommu/vtd/domain.c iommu/vtd/remap.c iommu/vtd/fault.c
 * links: boot/vtd/init.c boot/vtd/faults.c boot/vtd/tables.c boot/vtd/unit.c
 */
#include <string.h>

#include "boot/iommu.h"
#include "boot/vtd/start.h"
#include "tests/unit/vtd/driver.h"

/* R1: all requesters blocked, all messages refused, compatibility off. */
static void test_off_by_default(void **state)
{
    (void)state;
    for (size_t i = 0; i < VARIANTS; i++) {
        uint8_t vector;
        uint32_t apic;
        assert_true(start(2, variants[i]));
        for (unsigned rid = 0; rid < 0x10000; rid += 0x3b)
            for (unsigned unit = 0; unit < 2; unit++) {
                uint64_t pa;
                assert_int_equal(
                    model_dma(unit, (uint16_t)rid, 0x1000, rid & 1, &pa),
                    MODEL_CONTEXT_ABSENT);
            }
        assert_int_equal(model_msi(0, DEV, 0xfee00000, 0x4030, &vector, &apic),
                         MODEL_COMPATIBILITY);
        assert_int_equal(model_msi(0, DEV, 0xfee00010, 0, &vector, &apic),
                         MODEL_ENTRY_ABSENT);
        for (unsigned unit = 0; unit < 2; unit++) {
            uint32_t gsts = model_read32(unit, 0x1c);
            /* TES; QIES, IRES, IRTPS and not CFIS. */
            assert_int_equal(gsts >> 31, 1);
            assert_int_equal(gsts >> 23 & 0xf, 0xe);
        }
        assert_int_equal(model_counts.bad_accesses, 0);
    }
}

static void test_attach_and_map(void **state)
{
    (void)state;
    for (size_t i = 0; i < VARIANTS; i++) {
        struct iommu_domain d;
        struct iommu_device dev;
        struct iommu_attachment a;
        uint64_t pa;

        assert_true(start(2, variants[i]));
        domain_make(&d);
        device_make(&dev, DEV);
        /* In caching mode these misses are cached and must go. */
        assert_int_equal(dma(DEV, 0x5123, false), MODEL_CONTEXT_ABSENT);
        assert_int_equal(iommu_attach(&dev, &d), IOMMU_OK);
        assert_int_equal(iommu_attach(&dev, &d), IOMMU_BUSY);
        assert_int_equal(dma(DEV, 0x5123, false), MODEL_NO_READ);
        map(&d, 0x5000, 0x7000, 12, RADIX_READ);
        map(&d, 0x6000, 0x9000, 12, RADIX_READ | RADIX_WRITE);
        assert_int_equal(model_dma(0, DEV, 0x5123, false, &pa), 0);
        assert_int_equal(pa, 0x7123);
        assert_int_equal(dma(DEV, 0x5123, true), MODEL_NO_WRITE);
        assert_int_equal(model_dma(0, DEV, 0x6fff, true, &pa), 0);
        assert_int_equal(pa, 0x9fff);
        assert_int_equal(dma(DEV, 0x4fff, false), MODEL_NO_READ);
        assert_int_equal(dma(DEV, 0x7000, true), MODEL_NO_WRITE);
        assert_int_equal(dma(OTHER, 0x5123, false), MODEL_CONTEXT_ABSENT);
        if (!(variants[i] & MODEL_NO_LARGE)) {
            map(&d, 4 * M2, 8 * M2, 21, RADIX_READ);
            assert_int_equal(model_dma(0, DEV, 5 * M2 - 1, false, &pa), 0);
            assert_int_equal(pa, 9 * M2 - 1);
        }
        assert_int_equal(iommu_attachment_read(0, DEV, &a), IOMMU_OK);
        assert_true(a.present && !a.muted);
        assert_int_equal(a.domain_id, d.id);
        assert_int_equal(a.root.v, virt_to_phys(d.radix.root).v);
        assert_int_equal(model_counts.bad_accesses, 0);
    }
}

/* R4: stale translations are gone when the flush returns. */
static void test_unmap(void **state)
{
    (void)state;
    for (size_t i = 0; i < VARIANTS; i++) {
        struct iommu_domain d;
        struct iommu_device dev;

        assert_true(start(1, variants[i]));
        domain_make(&d);
        device_make(&dev, DEV);
        assert_int_equal(iommu_attach(&dev, &d), IOMMU_OK);
        for (uint64_t p = 3; p < 11; p++)
            map(&d, p * K4, p * K4, 12, RADIX_READ | RADIX_WRITE);
        for (uint64_t p = 3; p < 11; p++)
            assert_int_equal(dma(DEV, p * K4, true), 0);
        struct model_counts before = model_counts;
        for (uint64_t p = 4; p < 10; p++)
            unmap(&d, p * K4);
        /* The model does cache: without the flush the pages are reachable. */
        assert_int_equal(dma(DEV, 4 * K4, true), 0);
        assert_int_equal(iommu_domain_flush(&d, (iova_t){4 * K4}, 6 * K4),
                         IOMMU_OK);
        for (uint64_t p = 4; p < 10; p++)
            assert_int_equal(dma(DEV, p * K4, true), MODEL_NO_WRITE);
        assert_int_equal(dma(DEV, 3 * K4, true), 0);
        assert_int_equal(dma(DEV, 10 * K4, true), 0);
        /* One invalidation for the batch. */
        assert_int_equal(model_counts.iotlb_pages + model_counts.iotlb_domain -
                             before.iotlb_pages - before.iotlb_domain,
                         1);
        assert_int_equal(model_counts.waits - before.waits, 1);
        if (variants[i] & MODEL_NO_PAGE_SELECT)
            assert_int_equal(model_counts.iotlb_pages, 0);
        /* Read-write to read-only. */
        protect(&d, 3 * K4, 3 * K4, RADIX_READ);
        assert_int_equal(iommu_domain_flush(&d, (iova_t){3 * K4}, K4),
                         IOMMU_OK);
        assert_int_equal(dma(DEV, 3 * K4, true), MODEL_NO_WRITE);
        assert_int_equal(dma(DEV, 3 * K4, false), 0);
        assert_int_equal(model_counts.bad_accesses, 0);
    }
}

/* R4: a blocked device reaches nothing, its neighbours keep what they have. */
static void test_block(void **state)
{
    (void)state;
    for (size_t i = 0; i < VARIANTS; i++) {
        struct iommu_domain d;
        struct iommu_device dev, other;
        struct iommu_attachment a;
        struct iommu_fault f;

        assert_true(start(1, variants[i]));
        domain_make(&d);
        device_make(&dev, DEV);
        device_make(&other, OTHER);
        assert_int_equal(iommu_attach(&dev, &d), IOMMU_OK);
        assert_int_equal(iommu_attach(&other, &d), IOMMU_OK);
        map(&d, 0x5000, 0x7000, 12, RADIX_READ);
        assert_int_equal(dma(DEV, 0x5000, false), 0);
        assert_int_equal(dma(OTHER, 0x5000, false), 0);
        assert_int_equal(iommu_domain_destroy(&d), IOMMU_BUSY);
        assert_int_equal(iommu_block(&dev), IOMMU_OK);
        assert_int_equal(dma(DEV, 0x5000, false), MODEL_CONTEXT_ABSENT);
        assert_int_equal(dma(OTHER, 0x5000, false), 0);
        /* Muted: no record of the blocked access. */
        assert_false(iommu_fault_take(&f));
        assert_int_equal(iommu_attachment_read(0, DEV, &a), IOMMU_OK);
        assert_true(!a.present && a.muted);
        assert_int_equal(iommu_block(&dev), IOMMU_OK);
        assert_int_equal(d.devices, 1);
        assert_int_equal(iommu_block(&other), IOMMU_OK);
        assert_int_equal(iommu_domain_destroy(&d), IOMMU_OK);
        assert_int_equal(model_counts.bad_accesses, 0);
    }
}

static void test_domain_ids(void **state)
{
    struct iommu_domain a, b;
    uint32_t before;

    (void)state;
    assert_true(start(1, 0));
    before = iommu_domains_free();
    domain_make(&a);
    domain_make(&b);
    assert_int_not_equal(a.id, b.id);
    assert_int_not_equal(a.id, 0);
    assert_int_equal(iommu_domains_free(), before - 2);
    assert_int_equal(iommu_domain_destroy(&a), IOMMU_OK);
    assert_int_equal(iommu_domain_destroy(&b), IOMMU_OK);
    assert_int_equal(iommu_domains_free(), before);
}

/* Scopes: endpoint, behind a bridge, include-all, none. */
static void test_scopes(void **state)
{
    struct iommu_device dev;
    uint16_t rid;

    (void)state;
    assert_true(start(2, 0));
    device_make(&dev, DEV);
    assert_int_equal(dev.unit, 0);
    device_make(&dev, 0x1c << 3);
    assert_int_equal(dev.unit, 0);
    device_make(&dev, 0x0500);
    assert_int_equal(dev.unit, 0);
    device_make(&dev, 0x07ff);
    assert_int_equal(dev.unit, 0);
    device_make(&dev, 0x04ff);
    assert_int_equal(dev.unit, 1);
    device_make(&dev, 0x0800);
    assert_int_equal(dev.unit, 1);
    device_make(&dev, DEV + 1);
    assert_int_equal(dev.unit, 1);
    assert_int_equal(iommu_device_init(&dev, 3, DEV), IOMMU_NO_UNIT);
    assert_true(iommu_ioapic_source(9, &rid));
    assert_int_equal(rid, 0xf0f8);
    assert_false(iommu_ioapic_source(8, &rid));
    assert_true(start(1, 0));
    assert_int_equal(iommu_device_init(&dev, 0, FAR), IOMMU_NO_UNIT);
    assert_int_equal(vtd_dmar.reserved_count, 1);
    assert_int_equal(vtd_dmar.reserved[0].base, 0xd00000);
    assert_int_equal(vtd_dmar.reserved[0].limit, 0xd0ffff);
}

static void refused(unsigned units, unsigned options, const char *why)
{
    struct iommu_device dev;
    struct iommu_domain d;
    struct iommu_fault f;
    uint16_t index;

    assert_false(start(units, options));
    assert_false(iommu_usable());
    assert_non_null(strstr(iommu_reason(), why));
    assert_int_equal(iommu_device_init(&dev, 0, DEV), IOMMU_OFF);
    assert_int_equal(iommu_domain_init(&d, model_pages(1)), IOMMU_OFF);
    assert_int_equal(iommu_irq_alloc(&index), IOMMU_OFF);
    assert_int_equal(iommu_irqs_free(), 0);
    assert_int_equal(iommu_domains_free(), 0);
    assert_false(iommu_fault_take(&f));
}

static void test_unusable(void **state)
{
    struct iommu_boot none = {.table = NULL};

    (void)state;
    refused(1, MODEL_NO_QUEUE, "queued invalidation");
    refused(1, MODEL_NO_REMAP, "interrupt remapping");
    refused(0, 0, "names no hardware unit");
    assert_false(iommu_init(&none));
    assert_non_null(strstr(iommu_reason(), "no DMAR"));
    assert_true(start(1, 0));
    assert_null(iommu_reason());
}

/* A unit without 32-bit destinations keeps the local APICs in xAPIC mode. */
static void test_x2apic_is_the_units_choice(void **state)
{
    (void)state;
    assert_true(start(1, 0));
    assert_true(iommu_x2apic());
    assert_true(start(1, MODEL_NO_X2APIC));
    assert_false(iommu_x2apic());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_off_by_default),
        cmocka_unit_test(test_attach_and_map),
        cmocka_unit_test(test_unmap),
        cmocka_unit_test(test_block),
        cmocka_unit_test(test_domain_ids),
        cmocka_unit_test(test_scopes),
        cmocka_unit_test(test_unusable),
        cmocka_unit_test(test_x2apic_is_the_units_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
