/*
 * The time-stamp counter is calibrated once against the best reference that
 * answers: HPET, ACPI's power-management timer, or the 8254. Every wait for a
 * reference is bounded, so that one that stands still only costs time.
 * Source: IA-PC HPET 1.0a, 2.3; ACPI 6.5, 4.8.3.3; Intel 8254 data sheet.
 */
#include "boot/arch/x86_64/calibrate.h"
#include "boot/machine.h"
#include "boot/print.h"
#include "kernel/arch/x86_64/cpu_ops.h"

#define HPET_CAPABILITIES 0x00 /* femtoseconds per tick in 63:32 */
#define HPET_CONFIG       0x10
#define HPET_ENABLE       1u
#define HPET_COUNTER      0xf0
#define HPET_PERIOD_MAX   100000000u /* 100 ns, by its specification */
#define HPET_PERIOD_MIN   1000000u   /* 1 ns: keeps products in 64 bits */

#define PM_TIMER_HZ  3579545u
#define PIT_HZ       1193182u
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND  0x43
#define PIT_GATE     0x61

#define SAMPLE_MS  10
#define LOOPS_MAX  20000000u
#define TSC_HZ_MIN 1000000u

static volatile uint32_t *hpet;
static uint16_t pm_timer;

static uint32_t hpet_read(void)
{
    return hpet[HPET_COUNTER / 4];
}

static uint32_t pm_timer_read(void)
{
    return port_read32(pm_timer) & 0xffffff; /* 24 bits are always there */
}

/* The 8254 counts down; turned round so that all references count up. */
static uint32_t pit_read(void)
{
    port_write8(PIT_COMMAND, 0x80); /* latch channel 2 */
    uint32_t value = port_read8(PIT_CHANNEL2);
    value |= (uint32_t)port_read8(PIT_CHANNEL2) << 8;
    return (0xffff - value) & 0xffff;
}

/* TSC ticks per second by a reference of `hz`, `mask` its width; 0: it did not
 * move. */
static uint64_t sample(uint32_t (*read)(void), uint64_t hz, uint32_t mask)
{
    uint32_t want = (uint32_t)(hz * SAMPLE_MS / 1000) + 1;
    uint32_t start = read();
    uint64_t tsc_start = tsc_read();

    for (uint32_t i = 0; i < LOOPS_MAX; i++) {
        uint32_t passed = (read() - start) & mask;
        uint64_t now = tsc_read();
        if (passed >= want)
            return (now - tsc_start) * hz / passed;
        cpu_relax();
    }
    return 0;
}

/* The middle one of three: a host that takes the CPU away spoils one. */
static uint64_t measure(uint32_t (*read)(void), uint64_t hz, uint32_t mask)
{
    uint64_t a = sample(read, hz, mask);
    if (a == 0)
        return 0;
    uint64_t b = sample(read, hz, mask), c = sample(read, hz, mask);
    uint64_t low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

static uint64_t measure_hpet(const struct acpi_info *acpi)
{
    if (!acpi->hpet.v)
        return 0;
    hpet = mmio_map(acpi->hpet, 1024);
    uint32_t period = hpet[HPET_CAPABILITIES / 4 + 1];
    if (period < HPET_PERIOD_MIN || period > HPET_PERIOD_MAX)
        return 0;
    hpet[HPET_CONFIG / 4] |= HPET_ENABLE;
    return measure(hpet_read, 1000000000000000ull / period, 0xffffffff);
}

static uint64_t measure_pm_timer(const struct acpi_info *acpi)
{
    pm_timer = acpi->pm_timer_port;
    return pm_timer ? measure(pm_timer_read, PM_TIMER_HZ, 0xffffff) : 0;
}

static uint64_t measure_pit(void)
{
    port_write8(PIT_GATE, (port_read8(PIT_GATE) & 0xfc) | 1); /* no beep */
    port_write8(PIT_COMMAND, 0xb4); /* channel 2, both bytes, rate */
    port_write8(PIT_CHANNEL2, 0xff);
    port_write8(PIT_CHANNEL2, 0xff);
    return measure(pit_read, PIT_HZ, 0xffff);
}

/* The largest scale that fits 32 bits loses the least; a shift of at most 31
 * keeps clock_ns_to_tsc() in 64 bits. */
void clock_scale(struct clock_params *clock, uint64_t hz, uint64_t base)
{
    uint32_t shift = 31;

    while ((1000000000ull << shift) / hz > 0xffffffff)
        shift--;
    clock->tsc_hz = hz;
    clock->shift = shift;
    clock->mult = (uint32_t)((1000000000ull << shift) / hz);
    clock->tsc_base = base;
}

void clock_init(const struct acpi_info *acpi)
{
    uint64_t hz = measure_hpet(acpi);

    if (hz < TSC_HZ_MIN)
        hz = measure_pm_timer(acpi);
    if (hz < TSC_HZ_MIN)
        hz = measure_pit();
    if (hz < TSC_HZ_MIN)
        boot_fail("no timer to calibrate the clock with: HPET, ACPI timer and "
                  "8254 stand still");
    clock_scale(&platform.clock, hz, tsc_read());
}

void clock_spin_us(uint32_t microseconds)
{
    uint64_t ticks =
        clock_ns_to_tsc(microseconds * 1000ull) - platform.clock.tsc_base;
    uint64_t start = tsc_read();

    while (tsc_read() - start < ticks)
        cpu_relax();
}
