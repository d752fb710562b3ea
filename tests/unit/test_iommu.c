/*
 * The VT-d driver on a model of the hardware (vtd_model.h): everything off by
 * default (R1), revocation complete and confirmed (R4), interrupts from their
 * source or not at all (R5), faults decoded (R6) and muted (R7), live tables
 * read out (R12), and every way in which hardware may fail to answer.
 *
 * The MUTATION_ builds of the driver must make these tests fail.
 *
 * links: tests/unit/vtd/dmar.c tests/unit/vtd/memory.c
 * links: tests/unit/vtd/queue.c tests/unit/vtd/registers.c
 * links: tests/unit/vtd/requests.c
 * links: boot/radix_map.c kernel/radix.c
 * links: iommu/vtd/radix_vtd.c iommu/vtd/scope.c boot/vtd/dmar.c
 * links: boot/vtd/scopes.c iommu/vtd/queue.c iommu/vtd/context.c
 * links: iommu/vtd/domain.c iommu/vtd/remap.c iommu/vtd/fault.c
 * links: boot/vtd/init.c boot/vtd/faults.c boot/vtd/tables.c boot/vtd/unit.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "boot/radix_map.h"
#include "boot/iommu.h"
#include "boot/vtd/start.h"
#include "tests/unit/vtd/vtd_model.h"

#define DEV   0x0020 /* 00:04.0, in unit 0's scope */
#define OTHER 0x0500 /* 05:00.0, behind unit 0's bridge */
#define FAR   0x0a08 /* 0a:01.0, in no scope */
#define K4    4096ull
#define M2    (2ull << 20)

static uint8_t table[512];

static bool start(unsigned units, unsigned options)
{
    struct iommu_boot boot = {.table = table,
                              .x2apic = true,
                              .fault_apic_id = 0x12345,
                              .fault_vector = 0xf2};

    model_reset(units, options);
    boot.table_size = model_dmar(table, units);
    return iommu_init(&boot);
}

static void domain_make(struct iommu_domain *d)
{
    assert_int_equal(iommu_domain_init(d, model_pages(1)), IOMMU_OK);
    for (int i = 0; i < 6; i++)
        radix_donate(&d->radix, model_pages(1));
}

static void map(struct iommu_domain *d, uint64_t at, uint64_t pa, unsigned size,
                unsigned attrs)
{
    assert_int_equal(radix_map(&d->radix, at, (paddr_t){pa}, size, attrs),
                     RADIX_OK);
    assert_int_equal(iommu_domain_publish(d, (iova_t){at}, 1ull << size),
                     IOMMU_OK);
}

static void unmap(struct iommu_domain *d, uint64_t at)
{
    struct radix_cursor c;

    radix_cursor_begin(&c, &d->radix, at, 12, 0);
    radix_cursor_clear(&c);
    radix_cursor_end(&c);
}

static void protect(struct iommu_domain *d, uint64_t at, uint64_t pa,
                    unsigned attrs)
{
    struct radix_cursor c;

    radix_cursor_begin(&c, &d->radix, at, 12, attrs);
    radix_cursor_put(&c, (paddr_t){pa});
    radix_cursor_end(&c);
}

static void device_make(struct iommu_device *dev, uint16_t rid)
{
    assert_int_equal(iommu_device_init(dev, 0, rid), IOMMU_OK);
}

static int dma(uint16_t rid, uint64_t address, bool write)
{
    uint64_t pa;
    return model_dma(0, rid, address, write, &pa);
}

static const unsigned variants[] = {
    0,
    MODEL_COHERENT,
    MODEL_CACHING_MODE,
    MODEL_WRITE_BUFFER | MODEL_COHERENT,
    MODEL_NO_PAGE_SELECT,
    MODEL_LEVELS_3_ONLY | MODEL_NO_LARGE,
    MODEL_FIRMWARE_ON,
};
#define VARIANTS (sizeof(variants) / sizeof(variants[0]))

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

static struct iommu_irq irq_of(uint16_t source)
{
    return (struct iommu_irq){
        .apic_id = 0x01020304, .source = source, .vector = 0x41};
}

/* R5: the entry works for its source alone. */
static void test_interrupts(void **state)
{
    (void)state;
    for (size_t i = 0; i < VARIANTS; i++) {
        struct iommu_irq irq = irq_of(DEV), back;
        uint16_t index;
        uint64_t address;
        uint32_t data, apic;
        uint8_t vector;
        struct iommu_fault f;

        assert_true(start(2, variants[i]));
        assert_int_equal(iommu_irq_alloc(&index), IOMMU_OK);
        iommu_irq_message(index, &address, &data);
        assert_int_equal(model_msi(0, DEV, address, data, &vector, &apic),
                         MODEL_ENTRY_ABSENT);
        assert_true(iommu_fault_take(&f));
        assert_int_equal(iommu_irq_set(index, &irq), IOMMU_OK);
        assert_int_equal(model_msi(0, DEV, address, data, &vector, &apic), 0);
        assert_int_equal(vector, 0x41);
        assert_int_equal(apic, 0x01020304);
        assert_int_equal(model_msi(0, OTHER, address, data, &vector, &apic),
                         MODEL_BAD_SOURCE);
        /* All 16 bits count: function, device, bus. */
        for (unsigned bit = 0; bit < 16; bit++)
            assert_int_equal(model_msi(0, (uint16_t)(DEV ^ 1u << bit), address,
                                       data, &vector, &apic),
                             MODEL_BAD_SOURCE);
        assert_true(iommu_fault_take(&f));
        assert_true(f.interrupt && f.rid == OTHER && f.index == index);
        assert_int_equal(f.reason, 0x26);
        assert_true(iommu_irq_read(index, &back));
        assert_memory_equal(&back, &irq, sizeof(irq));
        while (iommu_fault_take(&f))
            ;
        /* R7: masked, its requests make no faults. */
        assert_int_equal(iommu_irq_mask(index), IOMMU_OK);
        assert_int_equal(model_msi(0, DEV, address, data, &vector, &apic),
                         MODEL_ENTRY_ABSENT);
        assert_false(iommu_fault_take(&f));
        assert_int_equal(iommu_irq_set(index, &irq), IOMMU_OK);
        assert_int_equal(model_msi(0, DEV, address, data, &vector, &apic), 0);
        iommu_irq_remove(index);
        assert_int_equal(iommu_irqs_confirm(), IOMMU_OK);
        assert_false(iommu_irq_read(index, &back));
        /* R4: also from the unit's entry cache. */
        assert_int_equal(model_msi(0, DEV, address, data, &vector, &apic),
                         MODEL_ENTRY_ABSENT);
        iommu_irq_free(index);
        assert_int_equal(model_counts.bad_accesses, 0);
    }
}

/* Units without 32-bit destinations: 8 bits, and no more than that. */
static void test_short_destinations(void **state)
{
    struct iommu_irq irq = {.apic_id = 7, .source = DEV, .vector = 0x41};
    uint16_t index;
    uint64_t address;
    uint32_t data, apic;
    uint8_t vector;

    (void)state;
    assert_true(start(1, MODEL_NO_X2APIC));
    assert_int_equal(iommu_irq_alloc(&index), IOMMU_OK);
    iommu_irq_message(index, &address, &data);
    assert_int_equal(iommu_irq_set(index, &irq), IOMMU_OK);
    assert_int_equal(model_msi(0, DEV, address, data, &vector, &apic), 0);
    assert_int_equal(apic, 7);
    /* Two halves of a clear. */
    iommu_irq_remove(index);
    assert_int_equal(model_msi(0, DEV, address, data, &vector, &apic), 0);
    assert_int_equal(iommu_irqs_confirm(), IOMMU_OK);
    assert_int_equal(model_msi(0, DEV, address, data, &vector, &apic),
                     MODEL_ENTRY_ABSENT);
    irq.apic_id = 255;
    assert_int_equal(iommu_irq_set(index, &irq), IOMMU_LIMIT);
    assert_int_equal(model_msi(0, DEV, address, data, &vector, &apic),
                     MODEL_ENTRY_ABSENT);
}

static void test_interrupt_table_full(void **state)
{
    uint16_t index;
    uint32_t before;

    (void)state;
    assert_true(start(1, 0));
    before = iommu_irqs_free();
    assert_int_equal(iommu_irq_alloc(&index), IOMMU_OK);
    for (uint32_t n = 1; n < before; n++)
        assert_int_equal(iommu_irq_alloc(&index), IOMMU_OK);
    assert_int_equal(iommu_irqs_free(), 0);
    assert_int_equal(iommu_irq_alloc(&index), IOMMU_LIMIT);
    iommu_irq_free(77);
    assert_int_equal(iommu_irq_alloc(&index), IOMMU_OK);
    assert_int_equal(index, 77);
}

/* R6: decoded fields; R7: mute. */
static void test_faults(void **state)
{
    struct iommu_domain d;
    struct iommu_device dev;
    struct iommu_fault f;

    (void)state;
    assert_true(start(1, 0));
    assert_int_equal(model_read32(0, 0x3c), 0xf2);
    assert_int_equal(model_read32(0, 0x40), 0xfee45000);
    assert_int_equal(model_read32(0, 0x44), 0x12300);
    assert_int_equal(model_read32(0, 0x38), 0);
    domain_make(&d);
    device_make(&dev, DEV);
    assert_int_equal(iommu_attach(&dev, &d), IOMMU_OK);
    assert_false(iommu_fault_take(&f));
    dma(DEV, 0x123456789, true);
    dma(DEV, 0x2000, false);
    dma(FAR, 0x3000, false);
    assert_int_equal(model_counts.fault_interrupts, 1);
    assert_true(iommu_fault_take(&f));
    assert_int_equal(f.rid, DEV);
    assert_int_equal(f.address, 0x123456000);
    assert_int_equal(f.reason, MODEL_NO_WRITE);
    assert_true(f.write && !f.interrupt && !f.lost);
    assert_true(iommu_fault_take(&f));
    assert_true(!f.write && f.address == 0x2000);
    assert_true(iommu_fault_take(&f));
    assert_int_equal(f.rid, FAR);
    assert_int_equal(f.reason, MODEL_CONTEXT_ABSENT);
    assert_false(iommu_fault_take(&f));
    /* Overflow: the ring's records, then nothing, and it says so once. */
    for (unsigned i = 0; i < MODEL_RECORDS + 3; i++)
        dma(DEV, i * K4, false);
    for (unsigned i = 0; i < MODEL_RECORDS; i++) {
        assert_true(iommu_fault_take(&f));
        assert_int_equal(f.address, i * K4);
        assert_int_equal(f.lost, i == 0);
    }
    assert_false(iommu_fault_take(&f));
    model_drop_fault(0);
    assert_true(iommu_fault_take(&f));
    assert_true(f.lost && f.reason == 0);
    assert_false(iommu_fault_take(&f));
    /* A new fault interrupts again. */
    dma(DEV, 0x9000, false);
    assert_int_equal(model_counts.fault_interrupts, 3);
    assert_true(iommu_fault_take(&f));
    /* Muted and let speak again. */
    assert_int_equal(iommu_mute(&dev, true), IOMMU_OK);
    assert_int_equal(dma(DEV, 0x9000, false), MODEL_NO_READ);
    assert_false(iommu_fault_take(&f));
    assert_int_equal(iommu_mute(&dev, false), IOMMU_OK);
    dma(DEV, 0x9000, false);
    assert_true(iommu_fault_take(&f));
    iommu_fault_hold(true);
    dma(DEV, 0xa000, false);
    assert_int_equal(model_counts.fault_interrupts, 4);
    iommu_fault_hold(false);
    assert_true(iommu_fault_take(&f));
    assert_int_equal(model_counts.bad_accesses, 0);
}

static void test_mute_stranger(void **state)
{
    struct iommu_fault f;

    (void)state;
    assert_true(start(2, 0));
    dma(OTHER, 0x1000, false);
    assert_true(iommu_fault_take(&f));
    assert_int_equal(iommu_mute_requester(f.segment, f.rid), IOMMU_OK);
    assert_int_equal(dma(OTHER, 0x1000, false), MODEL_CONTEXT_ABSENT);
    assert_false(iommu_fault_take(&f));
    /* The segment's include-all unit has the rest. */
    assert_int_equal(iommu_mute_requester(0, FAR), IOMMU_OK);
    assert_int_equal(iommu_mute_requester(1, FAR), IOMMU_NO_UNIT);
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

/* A refused descriptor is repaired and its run tried again: confirmed. */
static void test_error_repaired(void **state)
{
    static const enum model_failure once[] = {MODEL_REFUSE, MODEL_TLB_SILENT};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        for (unsigned after = 0; after < 3; after++) {
            struct iommu_domain d;
            struct iommu_device dev;

            assert_true(start(1, 0));
            domain_make(&d);
            device_make(&dev, DEV);
            assert_int_equal(iommu_attach(&dev, &d), IOMMU_OK);
            map(&d, 0x5000, 0x7000, 12, RADIX_READ);
            assert_int_equal(dma(DEV, 0x5000, false), 0);
            model_fail(once[i], after);
            assert_int_equal(iommu_block(&dev), IOMMU_OK);
            assert_int_equal(dma(DEV, 0x5000, false), MODEL_CONTEXT_ABSENT);
            assert_int_equal(model_read32(0, 0x34) & 0x70, 0);
            /* The queue goes on working. */
            assert_int_equal(iommu_attach(&dev, &d), IOMMU_OK);
            assert_int_equal(iommu_block(&dev), IOMMU_OK);
        }
    }
}

/* R4, R9: no answer, no confirmation, and no endless wait either. */
static void test_no_confirmation(void **state)
{
    static const enum model_failure bad[] = {MODEL_DEAD, MODEL_REFUSE_ALWAYS};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct iommu_domain d;
        struct iommu_device dev;
        uint16_t index;
        struct iommu_irq irq = irq_of(DEV);

        assert_true(start(1, 0));
        domain_make(&d);
        device_make(&dev, DEV);
        assert_int_equal(iommu_irq_alloc(&index), IOMMU_OK);
        assert_int_equal(iommu_attach(&dev, &d), IOMMU_OK);
        assert_int_equal(iommu_irq_set(index, &irq), IOMMU_OK);
        model_fail(bad[i], 0);
        assert_int_equal(iommu_domain_flush(&d, (iova_t){0}, K4),
                         IOMMU_UNCONFIRMED);
        uint64_t before = clock_tsc();
        assert_int_equal(iommu_block(&dev), IOMMU_UNCONFIRMED);
        assert_int_equal(iommu_irq_mask(index), IOMMU_UNCONFIRMED);
        /* The dead unit is not waited for again. */
        assert_true(clock_tsc() - before < 100000);
        assert_int_equal(d.devices, 1);
        assert_int_equal(iommu_domain_destroy(&d), IOMMU_BUSY);
    }
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
        cmocka_unit_test(test_x2apic_is_the_units_choice),
        cmocka_unit_test(test_off_by_default),
        cmocka_unit_test(test_attach_and_map),
        cmocka_unit_test(test_unmap),
        cmocka_unit_test(test_block),
        cmocka_unit_test(test_domain_ids),
        cmocka_unit_test(test_interrupts),
        cmocka_unit_test(test_short_destinations),
        cmocka_unit_test(test_interrupt_table_full),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_mute_stranger),
        cmocka_unit_test(test_scopes),
        cmocka_unit_test(test_error_repaired),
        cmocka_unit_test(test_no_confirmation),
        cmocka_unit_test(test_unusable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
