/*
 * The I/O APIC driver on a model of two of them: all pins masked at boot,
 * entries encoded as the 82093AA data sheet (3.2.4) and VT-d 4.1 (5.1.5.1)
 * say, wiring by the MADT, and never a half-written entry that delivers.
 *
 * links: kernel/arch/x86_64/ioapic.c boot/arch/x86_64/ioapic_start.c
 */
#include "boot/arch/x86_64/steps.h"
#include "kernel/arch/x86_64/ioapic.h"
#include "kernel/mmio.h"
#include "kernel/platform.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define PINS   24
#define MASKED (1u << 16)

struct model {
    uint8_t page[PAGE_SIZE];
    uint32_t select;
    uint32_t registers[0x10 + 2 * PINS];
} models[2];

void *mmio_map(paddr_t address, uint64_t size)
{
    assert_int_equal(size, PAGE_SIZE);
    return models[address.v == 0xfec00000 ? 0 : 1].page;
}

static struct model *model_of(const volatile void *reg, uint64_t *offset)
{
    for (unsigned i = 0; i < 2; i++) {
        *offset = (uint64_t)reg - (uint64_t)models[i].page;
        if (*offset < PAGE_SIZE)
            return &models[i];
    }
    abort();
}

uint32_t mmio_read32(const volatile void *reg)
{
    uint64_t offset;
    struct model *m = model_of(reg, &offset);

    assert_int_equal(offset, 0x10);
    assert_in_range(m->select, 0, 0x10 + 2 * PINS - 1);
    return m->registers[m->select];
}

void mmio_write32(volatile void *reg, uint32_t value)
{
    uint64_t offset;
    struct model *m = model_of(reg, &offset);

    if (offset == 0) {
        m->select = value;
        return;
    }
    assert_int_equal(offset, 0x10);
    assert_in_range(m->select, 0x10, 0x10 + 2 * PINS - 1);
    /* The high half changes only while the pin is masked. */
    if (m->select & 1)
        assert_true(m->registers[m->select - 1] & MASKED);
    m->registers[m->select] = value;
}

static uint64_t entry(unsigned model, unsigned pin)
{
    const uint32_t *r = &models[model].registers[0x10 + 2 * pin];

    return (uint64_t)r[1] << 32 | r[0];
}

static uint64_t field(uint64_t value, unsigned high, unsigned low)
{
    return value >> low & ((2ull << (high - low)) - 1);
}

static const struct acpi_info found = {
    .ioapic_count = 2,
    .ioapics = {{.id = 2, .gsi_base = 0, .base = {0xfec00000}},
                {.id = 9, .gsi_base = 24, .base = {0xfec01000}}},
    .override_count = 3,
    .overrides = {{.irq = 0, .gsi = 2},
                  {.irq = 9, .gsi = 9, .level = true},
                  {.irq = 5, .gsi = 30, .level = true, .active_low = true}},
};

static int start(void **state)
{
    (void)state;
    memset(models, 0, sizeof(models));
    for (unsigned m = 0; m < 2; m++)
        models[m].registers[1] = (PINS - 1) << 16 | 0x20;
    ioapic_init(&found);
    return 0;
}

static void test_all_masked(void **state)
{
    (void)state;
    for (unsigned m = 0; m < 2; m++)
        for (unsigned pin = 0; pin < PINS; pin++)
            assert_int_equal(entry(m, pin), MASKED);
}

static void test_find(void **state)
{
    uint8_t id = 0;
    unsigned pin = 0;

    (void)state;
    assert_true(ioapic_find(23, &id, &pin) && id == 2 && pin == 23);
    assert_true(ioapic_find(24, &id, &pin) && id == 9 && pin == 0);
    assert_false(ioapic_find(48, &id, &pin));
    assert_int_equal(ioapic_gsi_of_isa(0), 2);
    assert_int_equal(ioapic_gsi_of_isa(5), 30);
    assert_int_equal(ioapic_gsi_of_isa(4), 4);
}

static void test_remapped_entry(void **state)
{
    (void)state;
    assert_true(ioapic_route_remapped(4, 0x45, 0xabcd));
    uint64_t e = entry(0, 4);
    assert_int_equal(field(e, 63, 49), 0xabcd & 0x7fff); /* index 14:0 */
    assert_int_equal(field(e, 48, 48), 1);               /* format */
    assert_int_equal(field(e, 47, 17), 0);               /* reserved */
    assert_int_equal(field(e, 16, 16), 1);               /* still masked */
    assert_int_equal(field(e, 15, 15), 0);               /* edge */
    assert_int_equal(field(e, 13, 13), 0);               /* active high */
    assert_int_equal(field(e, 11, 11), 1);               /* index 15 */
    assert_int_equal(field(e, 10, 8), 0);
    assert_int_equal(field(e, 7, 0), 0x45);
    ioapic_mask(4, false);
    assert_int_equal(entry(0, 4), e & ~(uint64_t)MASKED);
    ioapic_mask(4, true);
    assert_int_equal(entry(0, 4), e);
}

static void test_direct_entry(void **state)
{
    (void)state;
    assert_true(ioapic_route_direct(4, 0x45, 7));
    uint64_t e = entry(0, 4);
    assert_int_equal(field(e, 63, 56), 7); /* physical destination */
    assert_int_equal(field(e, 55, 17), 0);
    assert_int_equal(field(e, 11, 8), 0); /* fixed, physical */
    assert_int_equal(field(e, 7, 0), 0x45);
}

static void test_wiring(void **state)
{
    static const struct {
        uint32_t gsi, model, pin;
        bool level, low;
    } pins[] = {{4, 0, 4, false, false},  /* ISA's default */
                {2, 0, 2, false, false},  /* override: as the bus */
                {9, 0, 9, true, false},   /* override */
                {30, 1, 6, true, true},   /* override beyond ISA */
                {20, 0, 20, true, true}}; /* PCI's default */

    (void)state;
    for (size_t i = 0; i < sizeof(pins) / sizeof(*pins); i++) {
        assert_true(ioapic_route_remapped(pins[i].gsi, 0x50, 1));
        uint64_t e = entry(pins[i].model, pins[i].pin);
        assert_int_equal(field(e, 15, 15), pins[i].level);
        assert_int_equal(field(e, 13, 13), pins[i].low);
    }
}

/* A pin that delivers is routed anew: the model checks the order. */
static void test_reroute_of_a_live_pin(void **state)
{
    (void)state;
    assert_true(ioapic_route_remapped(4, 0x45, 1));
    ioapic_mask(4, false);
    assert_true(ioapic_route_remapped(4, 0x46, 0x4002));
    assert_int_equal(field(entry(0, 4), 63, 49), 0x4002);
    assert_int_equal(field(entry(0, 4), 16, 16), 1);
}

static void test_no_such_gsi(void **state)
{
    (void)state;
    assert_false(ioapic_route_remapped(48, 0x45, 1));
    assert_false(ioapic_route_direct(0xffffffff, 0x45, 1));
    ioapic_mask(48, false);
    test_all_masked(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_all_masked, start),
        cmocka_unit_test_setup(test_find, start),
        cmocka_unit_test_setup(test_remapped_entry, start),
        cmocka_unit_test_setup(test_direct_entry, start),
        cmocka_unit_test_setup(test_wiring, start),
        cmocka_unit_test_setup(test_reroute_of_a_live_pin, start),
        cmocka_unit_test_setup(test_no_such_gsi, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
