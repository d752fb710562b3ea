/*
 * The ACPI readers take good tables field by field, refuse tables that lie
 * about their size or checksum, and survive every truncation.
 *
 * links: boot/acpi.c
 */
#include "boot/acpi.h"
#include "acpi_tables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Copies to memory of the exact size, so that ASan sees one byte too far. */
static bool exact(bool (*read)(const void *, size_t, struct acpi_info *),
                  const uint8_t *table, size_t size, struct acpi_info *info)
{
    uint8_t *copy = malloc(size ? size : 1);

    memcpy(copy, table, size);
    bool good = read(copy, size, info);
    free(copy);
    return good;
}

static void test_madt(void **state)
{
    uint8_t t[512];
    struct acpi_info info = {0};

    (void)state;
    assert_true(exact(acpi_read_madt, t, build_madt(t), &info));
    assert_int_equal(info.cpu_count, 3);
    assert_int_equal(info.cpus[0].apic_id, 0);
    assert_int_equal(info.cpus[1].apic_id, 7);
    assert_int_equal(info.cpus[2].apic_id, 300);
    assert_int_equal(info.ioapic_count, 1);
    assert_int_equal(info.ioapics[0].id, 3);
    assert_int_equal(info.ioapics[0].base.v, 0xfec00000);
    assert_int_equal(info.ioapics[0].gsi_base, 24);
    assert_int_equal(info.local_apic.v, 0x1fee00000);
}

static void test_madt_overrides(void **state)
{
    uint8_t t[512];
    struct acpi_info info = {0};

    (void)state;
    assert_true(exact(acpi_read_madt, t, build_madt(t), &info));
    assert_int_equal(info.override_count, 3);
    assert_int_equal(info.overrides[0].irq, 0);
    assert_int_equal(info.overrides[0].gsi, 2);
    assert_false(info.overrides[0].level || info.overrides[0].active_low);
    assert_true(info.overrides[1].level && info.overrides[1].active_low);
    assert_true(info.overrides[2].level && !info.overrides[2].active_low);
}

static void test_madt_more_cpus_than_room(void **state)
{
    uint8_t t[44 + 80 * 8] = {0};
    struct acpi_info info = {0};

    (void)state;
    for (unsigned i = 0; i < 80; i++) {
        uint8_t *entry = t + 44 + i * 8;
        entry[1] = 8;
        entry[3] = (uint8_t)i;
        entry[4] = 1;
    }
    assert_true(exact(acpi_read_madt, t, finish(t, "APIC", sizeof(t)), &info));
    assert_int_equal(info.cpu_count, ACPI_MAX_CPUS);
    assert_int_equal(info.cpus_left_out, 80 - ACPI_MAX_CPUS);
}

/* Entries of size 0, beyond the end, or too small for their type. */
static void test_madt_bad_entries(void **state)
{
    static const uint8_t bad[][8] = {
        {0, 0, 0, 0, 0, 0, 0, 0},   {0, 1, 0, 0, 0, 0, 0, 0},
        {0, 200, 0, 0, 0, 0, 0, 0}, {1, 8, 0, 0, 0, 0, 0, 0},
        {2, 8, 0, 0, 0, 0, 0, 0},   {5, 8, 0, 0, 0, 0, 0, 0},
        {9, 8, 0, 0, 0, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        uint8_t t[52] = {0};
        struct acpi_info info = {0};
        memcpy(t + 44, bad[i], 8);
        assert_false(
            exact(acpi_read_madt, t, finish(t, "APIC", sizeof(t)), &info));
    }
}

static void test_mcfg(void **state)
{
    uint8_t t[128];
    struct acpi_info info = {0};

    (void)state;
    assert_true(exact(acpi_read_mcfg, t, build_mcfg(t), &info));
    assert_int_equal(info.segment_count, 2);
    assert_int_equal(info.segments[0].base.v, 0xb0000000);
    assert_int_equal(info.segments[0].last_bus, 0xff);
    assert_int_equal(info.segments[1].segment, 1);
    assert_int_equal(info.segments[1].first_bus, 0x10);
    assert_int_equal(info.segments[1].last_bus, 0x1f);

    put(t, 70, 0x20, 1); /* first bus after the last */
    assert_false(exact(acpi_read_mcfg, t, finish(t, "MCFG", 76), &info));
    build_mcfg(t);
    put(t, 44, 0xb0000800, 8); /* not on a bus boundary */
    assert_false(exact(acpi_read_mcfg, t, finish(t, "MCFG", 76), &info));
}

static void test_fadt(void **state)
{
    uint8_t t[256];
    struct acpi_info info = {0};

    (void)state;
    assert_true(exact(acpi_read_fadt, t, build_fadt(t), &info));
    assert_int_equal(info.pm1a_port, 0x604);
    assert_int_equal(info.pm1b_port, 0);
    assert_int_equal(info.pm_timer_port, 0x608);

    /* ACPI 1.0: shorter. */
    struct acpi_info old = {0};
    assert_true(exact(acpi_read_fadt, t, finish(t, "FACP", 116), &old));
    assert_int_equal(old.pm1a_port, 0x604);
    assert_false(exact(acpi_read_fadt, t, finish(t, "FACP", 115), &old));
}

static void test_hpet(void **state)
{
    uint8_t t[64];
    struct acpi_info info = {0};

    (void)state;
    assert_true(exact(acpi_read_hpet, t, build_hpet(t), &info));
    assert_int_equal(info.hpet.v, 0xfed00000);
    put(t, 40, 1, 1); /* in I/O space */
    assert_false(exact(acpi_read_hpet, t, finish(t, "HPET", 56), &info));
    build_hpet(t);
    put(t, 44, 0, 8);
    assert_false(exact(acpi_read_hpet, t, finish(t, "HPET", 56), &info));
}

static void test_wrong_checksum_or_signature(void **state)
{
    uint8_t t[512];
    struct acpi_info info = {0};
    size_t size = build_madt(t);

    (void)state;
    t[9]++;
    assert_false(exact(acpi_read_madt, t, size, &info));
    build_madt(t);
    assert_false(exact(acpi_read_hpet, t, size, &info));
    assert_false(exact(acpi_read_mcfg, t, size, &info));
}

/* Every prefix of a table, with the length field as it was and made to fit. */
static void test_truncation(void **state)
{
    uint8_t t[512];
    struct acpi_info info;
    size_t size = build_madt(t);

    (void)state;
    for (size_t n = 0; n < size; n++) {
        memset(&info, 0, sizeof(info));
        assert_false(exact(acpi_read_madt, t, n, &info));
    }
    for (size_t n = 36; n < size; n++) {
        build_madt(t);
        memset(&info, 0, sizeof(info));
        if (exact(acpi_read_madt, t, finish(t, "APIC", n), &info))
            assert_true(n >= 44 && info.cpu_count <= 3);
    }
}

/* Physical memory of 64 KiB, for whole sets of tables. */
static uint8_t memory[0x10000];

static const void *map(paddr_t address, size_t size)
{
    if (address.v > sizeof(memory) || size > sizeof(memory) - address.v)
        return NULL;
    return memory + address.v;
}

static void build_machine(const char *root, unsigned width)
{
    static const uint64_t tables[] = {0x1000, 0x2000, 0x3000,    0x4000,
                                      0x5000, 0x6000, 0xfffffff0};

    memset(memory, 0, sizeof(memory));
    build_madt(memory + 0x1000);
    build_mcfg(memory + 0x2000);
    build_fadt(memory + 0x3000);
    build_hpet(memory + 0x4000);
    build_dmar(memory + 0x5000);
    finish(memory + 0x6000, "SSDT", 36); /* nobody reads it */
    build_root(memory + 0x800, root, width, tables, 7);
}

static void test_whole_by_xsdt_and_rsdt(void **state)
{
    uint8_t rsdp[36];
    struct acpi_info info;
    uint32_t broken;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        build_machine(i ? "RSDT" : "XSDT", i ? 4 : 8);
        size_t size = build_rsdp(rsdp, i ? 0x800 : 0, i ? 0 : 0x800);
        assert_null(acpi_read(rsdp, size, map, &info, &broken));
        assert_int_equal(broken, 0);
        assert_int_equal(info.cpu_count, 3);
        assert_int_equal(info.segment_count, 2);
        assert_int_equal(info.pm1a_port, 0x604);
        assert_int_equal(info.hpet.v, 0xfed00000);
        assert_ptr_equal(info.dmar, memory + 0x5000);
        assert_int_equal(info.dmar_size, 64);
    }
}

/* One bad table is left out with all that it said; the rest stays. */
static void test_broken_table_spoils_no_other(void **state)
{
    uint8_t rsdp[36];
    struct acpi_info info;
    uint32_t broken;

    (void)state;
    build_machine("XSDT", 8);
    memory[0x1000 + 44 + 8 + 1] = 0; /* the second entry has size 0 */
    seal(memory + 0x1000, memory[0x1004] | memory[0x1005] << 8, 9);
    size_t size = build_rsdp(rsdp, 0, 0x800);
    assert_null(acpi_read(rsdp, size, map, &info, &broken));
    assert_memory_equal(&broken, "APIC", 4);
    assert_int_equal(info.cpu_count, 0);
    assert_int_equal(info.local_apic.v, 0);
    assert_int_equal(info.segment_count, 2);
}

static void test_bad_roots(void **state)
{
    uint8_t rsdp[36];
    struct acpi_info info;
    uint32_t broken;
    size_t size;

    (void)state;
    build_machine("XSDT", 8);
    assert_non_null(acpi_read(rsdp, 0, map, &info, &broken));
    size = build_rsdp(rsdp, 0, 0x800);
    rsdp[0] = 'X';
    assert_non_null(acpi_read(rsdp, size, map, &info, &broken));
    size = build_rsdp(rsdp, 0, 0x800);
    rsdp[8]++;
    assert_non_null(acpi_read(rsdp, size, map, &info, &broken));
    size = build_rsdp(rsdp, 0, 0xffff0000); /* not in memory */
    assert_non_null(acpi_read(rsdp, size, map, &info, &broken));
    size = build_rsdp(rsdp, 0x800, 0); /* an XSDT where the RSDT should be */
    assert_non_null(acpi_read(rsdp, size, map, &info, &broken));
    size = build_rsdp(rsdp, 0, 0x800);
    put(memory + 0x800, 4, 0xffffffff, 4);
    assert_non_null(acpi_read(rsdp, size, map, &info, &broken));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_madt),
        cmocka_unit_test(test_madt_overrides),
        cmocka_unit_test(test_madt_more_cpus_than_room),
        cmocka_unit_test(test_madt_bad_entries),
        cmocka_unit_test(test_mcfg),
        cmocka_unit_test(test_fadt),
        cmocka_unit_test(test_hpet),
        cmocka_unit_test(test_wrong_checksum_or_signature),
        cmocka_unit_test(test_truncation),
        cmocka_unit_test(test_whole_by_xsdt_and_rsdt),
        cmocka_unit_test(test_broken_table_spoils_no_other),
        cmocka_unit_test(test_bad_roots),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
