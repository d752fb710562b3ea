/*
 * What the VT-d driver writes for hardware, field by field against the
 * specification's bit numbers (VT-d 4.1, 6.5.2, 9.1, 9.3, 9.10 and 5.1.2.2):
 * descriptors, root and context entries, remapping entries, MSI messages. And
 * the DMAR reader on good and on broken tables.
 *
 * links: tests/unit/vtd/dmar.c tests/unit/vtd/memory.c
 * links: tests/unit/vtd/queue.c tests/unit/vtd/registers.c
 * links: tests/unit/vtd/requests.c
 * links: kernel/radix.c iommu/vtd/radix_vtd.c
 * links: iommu/vtd/scope.c boot/vtd/dmar.c boot/vtd/scopes.c
 * links: iommu/vtd/queue.c iommu/vtd/context.c iommu/vtd/domain.c
 * links: iommu/vtd/remap.c iommu/vtd/fault.c boot/vtd/init.c
 * links: boot/vtd/faults.c boot/vtd/tables.c boot/vtd/unit.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "boot/iommu.h"
#include "boot/vtd/start.h"
#include "tests/unit/vtd/vtd_model.h"

/* Bits high..low of a 128-bit structure in two words. */
static uint64_t bits(uint64_t low, uint64_t high, unsigned hi, unsigned lo)
{
    unsigned __int128 v = (unsigned __int128)high << 64 | low;
    unsigned __int128 mask = ((unsigned __int128)1 << (hi - lo + 1)) - 1;
    return (uint64_t)(v >> lo & mask);
}

#define D(d, hi, lo) bits((d).low, (d).high, hi, lo)

static void start(unsigned options, bool x2apic)
{
    static uint8_t table[512];
    struct iommu_boot boot = {.table = table,
                              .x2apic = x2apic,
                              .fault_apic_id = 1,
                              .fault_vector = 0xf2};

    model_reset(1, options);
    boot.table_size = model_dmar(table, 1);
    assert_true(iommu_init(&boot));
}

static void test_descriptors(void **state)
{
    struct vtd_unit *u = &vtd.units[0];
    struct vtd_descriptor d;

    (void)state;
    start(0, true);
    d = vtd_context_all();
    assert_int_equal(D(d, 3, 0), 1);
    assert_int_equal(D(d, 127, 4), 1);
    d = vtd_context_device(0xabcd, 0x1234);
    assert_int_equal(D(d, 3, 0), 1);
    assert_int_equal(D(d, 5, 4), 3); /* device-selective */
    assert_int_equal(D(d, 15, 6), 0);
    assert_int_equal(D(d, 31, 16), 0xabcd); /* DID */
    assert_int_equal(D(d, 47, 32), 0x1234); /* SID */
    assert_int_equal(D(d, 49, 48), 0);      /* FM: all bits count */
    assert_int_equal(D(d, 127, 50), 0);
    d = vtd_iotlb_all(u);
    assert_int_equal(D(d, 3, 0), 2);
    assert_int_equal(D(d, 5, 4), 1);
    d = vtd_iotlb_domain(u, 0xabcd);
    assert_int_equal(D(d, 5, 4), 2);
    assert_int_equal(D(d, 7, 6), 3); /* drain reads and writes */
    assert_int_equal(D(d, 31, 16), 0xabcd);
    assert_int_equal(d.high, 0);
    d = vtd_iotlb_pages(u, 7, (iova_t){0x123456000}, 1);
    assert_int_equal(D(d, 5, 4), 3);
    assert_int_equal(D(d, 31, 16), 7);
    assert_int_equal(D(d, 69, 64), 1); /* AM */
    assert_int_equal(D(d, 70, 70), 0); /* IH */
    assert_int_equal(D(d, 127, 76), 0x123456);
    u->drains = 0;
    d = vtd_iotlb_all(u);
    assert_int_equal(D(d, 7, 6), 0);
    d = vtd_entries_all();
    assert_int_equal(d.low, 4);
    assert_int_equal(d.high, 0);
    d = vtd_entry(0xfedc);
    assert_int_equal(D(d, 3, 0), 4);
    assert_int_equal(D(d, 4, 4), 1);   /* index-selective */
    assert_int_equal(D(d, 31, 27), 0); /* IM: one entry */
    assert_int_equal(D(d, 47, 32), 0xfedc);
    assert_int_equal(D(d, 127, 48), 0);
}

static void test_context_entry(void **state)
{
    static const struct {
        unsigned options, width;
    } cases[] = {{0, 2}, {MODEL_LEVELS_3_ONLY, 1}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct iommu_domain d;
        start(cases[i].options, true);
        assert_int_equal(iommu_domain_init(&d, model_pages(1)), IOMMU_OK);
        struct vtd_unit *u = &vtd.units[0];
        vtd_context_attach(u, 0x1234, &d);
        uint64_t *root = &u->root[2 * 0x12];
        assert_int_equal(root[0] & 0xfff, 1);
        assert_int_equal(root[1], 0);
        uint64_t *e = phys_to_virt((paddr_t){root[0] & ~(uint64_t)0xfff});
        e += 2 * 0x34;
        assert_int_equal(bits(e[0], e[1], 0, 0), 1); /* P */
        assert_int_equal(bits(e[0], e[1], 1, 1), 0); /* FPD */
        assert_int_equal(bits(e[0], e[1], 3, 2), 0); /* TT */
        assert_int_equal(bits(e[0], e[1], 11, 4), 0);
        assert_int_equal(bits(e[0], e[1], 63, 12),
                         virt_to_phys(d.radix.root).v >> 12);
        assert_int_equal(bits(e[0], e[1], 66, 64), cases[i].width); /* AW */
        assert_int_equal(bits(e[0], e[1], 71, 67), 0);
        assert_int_equal(bits(e[0], e[1], 87, 72), d.id); /* DID */
        assert_int_equal(bits(e[0], e[1], 127, 88), 0);
        vtd_context_mute(u, 0x1234, true);
        assert_int_equal(bits(e[0], e[1], 1, 0), 3);
        vtd_context_block(u, 0x1234);
        assert_int_equal(e[0], 2);
        assert_int_equal(e[1], 0);
    }
}

static void test_remapping_entry(void **state)
{
    (void)state;
    for (int x2apic = 0; x2apic < 2; x2apic++) {
        struct iommu_irq irq = {
            .apic_id = 0xa5, .source = 0xbeef, .vector = 0x77, .level = x2apic};
        uint16_t index;
        start(0, x2apic);
        uint64_t reg = remap_register();
        assert_int_equal(reg & 0xf, 11); /* 4096 entries */
        assert_int_equal(reg >> 11 & 1, x2apic);
        assert_int_equal(iommu_irq_alloc(&index), IOMMU_OK);
        assert_int_equal(iommu_irq_set(index, &irq), IOMMU_OK);
        uint64_t *e = phys_to_virt((paddr_t){reg & ~(uint64_t)0xfff});
        e += 2 * index;
        assert_int_equal(bits(e[0], e[1], 0, 0), 1);      /* P */
        assert_int_equal(bits(e[0], e[1], 1, 1), 0);      /* FPD */
        assert_int_equal(bits(e[0], e[1], 2, 2), 0);      /* DM: physical */
        assert_int_equal(bits(e[0], e[1], 3, 3), 0);      /* RH */
        assert_int_equal(bits(e[0], e[1], 4, 4), x2apic); /* TM */
        assert_int_equal(bits(e[0], e[1], 7, 5), 0);      /* DLM: fixed */
        assert_int_equal(bits(e[0], e[1], 15, 8), 0);     /* IM: remapped */
        assert_int_equal(bits(e[0], e[1], 23, 16), 0x77);
        assert_int_equal(bits(e[0], e[1], 31, 24), 0);
        assert_int_equal(bits(e[0], e[1], 63, 32), x2apic ? 0xa5 : 0xa500);
        assert_int_equal(bits(e[0], e[1], 79, 64), 0xbeef); /* SID */
        assert_int_equal(bits(e[0], e[1], 81, 80), 0);      /* SQ */
        assert_int_equal(bits(e[0], e[1], 83, 82), 1);      /* SVT */
        assert_int_equal(bits(e[0], e[1], 127, 84), 0);
    }
}

static void test_message(void **state)
{
    uint64_t a;
    uint32_t data;

    (void)state;
    iommu_irq_message(0x9234, &a, &data);
    assert_int_equal(a >> 20, 0xfee);
    assert_int_equal(a >> 5 & 0x7fff, 0x1234); /* handle 14:0 */
    assert_int_equal(a >> 4 & 1, 1);           /* remappable */
    assert_int_equal(a >> 3 & 1, 0);           /* SHV */
    assert_int_equal(a >> 2 & 1, 1);           /* handle 15 */
    assert_int_equal(a & 3, 0);
    assert_int_equal(data, 0);
}

static void checksum_fix(uint8_t *t, size_t size)
{
    uint8_t sum = 0;
    for (size_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + t[i]);
    t[9] = (uint8_t)(t[9] - sum);
}

static void test_dmar(void **state)
{
    static struct dmar d;
    uint8_t t[512];
    size_t size = model_dmar(t, 2);

    (void)state;
    assert_null(dmar_read(t, size, &d));
    assert_int_equal(d.unit_count, 2);
    assert_int_equal(d.units[0].registers.v, MODEL_BASE);
    assert_int_equal(d.units[0].size, 4096);
    assert_false(d.units[0].include_all);
    assert_true(d.units[1].include_all);
    assert_int_equal(d.scope_count, 3);
    assert_int_equal(d.scopes[2].type, DMAR_SCOPE_IOAPIC);
    assert_int_equal(d.scopes[2].id, 9);
    assert_int_equal(d.scopes[2].path[0], 0xf8);
    assert_true(d.interrupts);
    /* Every cut is refused, with a reason, and read no further. */
    for (size_t n = 0; n < size; n++)
        assert_non_null(dmar_read(t, n, &d));
    /* Structure 0's length field. */
    static const uint8_t lengths[] = {0, 3, 15, 17, 24, 41, 255};
    for (size_t i = 0; i < sizeof(lengths); i++) {
        uint8_t good = t[50];
        t[50] = lengths[i];
        checksum_fix(t, size);
        assert_non_null(dmar_read(t, size, &d));
        t[50] = good;
        checksum_fix(t, size);
    }
    assert_null(dmar_read(t, size, &d));
    /* A scope's length, its device number, its path's parity. */
    static const struct {
        uint8_t at, value;
    } bad[] = {{65, 0},  {65, 6}, {65, 7}, {65, 200},
               {70, 32}, {71, 8}, {56, 1}, {63, 1}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint8_t good = t[bad[i].at];
        t[bad[i].at] = bad[i].value;
        checksum_fix(t, size);
        assert_non_null(dmar_read(t, size, &d));
        t[bad[i].at] = good;
        checksum_fix(t, size);
    }
    t[20] ^= 1;
    assert_non_null(strstr(dmar_read(t, size, &d), "checksum"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_descriptors),
        cmocka_unit_test(test_context_entry),
        cmocka_unit_test(test_remapping_entry),
        cmocka_unit_test(test_message),
        cmocka_unit_test(test_dmar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
