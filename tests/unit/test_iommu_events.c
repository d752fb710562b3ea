/*
 * The VT-d driver on a model of the hardware (vtd_model.h): interrupts from
 * their source or not at all (R5), faults decoded (R6) and muted (R7), and
 * every way in which hardware may fail to answer (R4, R9).
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interrupts),
        cmocka_unit_test(test_short_destinations),
        cmocka_unit_test(test_interrupt_table_full),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_mute_stranger),
        cmocka_unit_test(test_error_repaired),
        cmocka_unit_test(test_no_confirmation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
