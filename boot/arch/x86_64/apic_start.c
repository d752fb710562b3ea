/*
 * Sets the local APICs up. Every local source but the timer is masked; the
 * timer is one-shot, by the TSC where the CPU can, else by a counter that is
 * calibrated here, once, through the xAPIC interface (see
 * kernel/arch/x86_64/apic.h for why). Source: Intel SDM 3A, 10.4 to 10.12.
 */
#include "boot/arch/x86_64/apic_start.h"
#include "boot/arch/x86_64/cpu_features.h"
#include "boot/arch/x86_64/cpu_setup.h"
#include "boot/machine.h"
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/vectors.h"

/* Registers that only start looks at (Intel SDM 3A, table 10-6). */
#define APIC_ID            0x02
#define APIC_VERSION       0x03
#define APIC_TASK_PRIORITY 0x08
#define APIC_SPURIOUS      0x0f
#define APIC_ERROR         0x28
#define APIC_LVT_CMCI      0x2f
#define APIC_LVT_TIMER     0x32
#define APIC_LVT_THERMAL   0x33
#define APIC_LVT_PERFMON   0x34
#define APIC_LVT_LINT0     0x35
#define APIC_LVT_LINT1     0x36
#define APIC_LVT_ERROR     0x37
#define APIC_TIMER_CURRENT 0x39
#define APIC_TIMER_DIVIDE  0x3e

#define BASE_X2_ENABLE (1ul << 10) /* MSR_APIC_BASE */
#define BASE_ENABLE    (1ul << 11)
#define BASE_ADDRESS   0x000ffffffffff000ul

#define LVT_MASKED      (1u << 16)
#define LVT_DEADLINE    (2u << 17)
#define SPURIOUS_ENABLE 0x100u
#define DIVIDE_BY_16    0x3u

#define ICR_INIT    (5u << 8)
#define ICR_STARTUP (6u << 8)

#define CALIBRATE_US 5000

static uint32_t apic_read(uint32_t reg)
{
    if (apic_x2)
        return (uint32_t)msr_read(MSR_X2APIC_BASE + reg);
    return apic_registers[reg * 4];
}

/* Leaves whatever mode the firmware chose for the xAPIC interface; from
 * x2APIC mode the way leads through "off" (10.12.5). */
static void enter_xapic_mode(void)
{
    uint64_t base = msr_read(MSR_APIC_BASE);

    if (base & BASE_X2_ENABLE) {
        base &= ~(BASE_X2_ENABLE | BASE_ENABLE);
        msr_write(MSR_APIC_BASE, base);
    }
    msr_write(MSR_APIC_BASE, base | BASE_ENABLE);
}

static void mask_local_sources(void)
{
    static const uint8_t lvts[] = {
        APIC_LVT_TIMER,   APIC_LVT_LINT0,   APIC_LVT_LINT1, APIC_LVT_ERROR,
        APIC_LVT_PERFMON, APIC_LVT_THERMAL, APIC_LVT_CMCI};
    uint32_t highest = apic_read(APIC_VERSION) >> 16 & 0xff;

    for (uint32_t i = 0; i < sizeof(lvts) && i <= highest; i++)
        apic_write(lvts[i], LVT_MASKED);
}

static void calibrate_timer(void)
{
    apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_16);
    apic_write(APIC_TIMER_INITIAL, 0xffffffff);
    uint64_t tsc = tsc_read();
    uint32_t start = apic_read(APIC_TIMER_CURRENT);
    clock_spin_us(CALIBRATE_US);
    uint32_t ticks = start - apic_read(APIC_TIMER_CURRENT);
    tsc = tsc_read() - tsc;
    apic_write(APIC_TIMER_INITIAL, 0);
    apic_timer_mult = ((uint64_t)ticks << 32) / tsc;
}

void apic_cpu_init(void)
{
    enter_xapic_mode();
    if (apic_x2)
        msr_write(MSR_APIC_BASE, msr_read(MSR_APIC_BASE) | BASE_X2_ENABLE);
    mask_local_sources();
    apic_write(APIC_TASK_PRIORITY, 0);
    apic_write(APIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
    apic_write(APIC_ERROR, 0);
    apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_16);
    apic_write(APIC_LVT_TIMER,
               VECTOR_TIMER | (apic_deadline ? LVT_DEADLINE : 0));
    __asm__ volatile("mfence" : : : "memory"); /* before MSR_TSC_DEADLINE */
}

void apic_init(void)
{
    apic_registers =
        mmio_map((paddr_t){msr_read(MSR_APIC_BASE) & BASE_ADDRESS}, PAGE_SIZE);
    enter_xapic_mode();
    mask_local_sources();
    apic_write(APIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
    calibrate_timer();
    apic_deadline = cpu_features.tsc_deadline;
    apic_cpu_init();
}

void apic_choose(bool x2)
{
    apic_x2 = x2;
    apic_cpu_init();
}

uint32_t apic_own_id(void)
{
    return apic_x2 ? apic_read(APIC_ID) : apic_read(APIC_ID) >> 24;
}

void apic_send_init(uint32_t apic_id)
{
    apic_command(apic_id, ICR_INIT | ICR_ASSERT);
}

void apic_send_startup(uint32_t apic_id, uint8_t page)
{
    apic_command(apic_id, ICR_STARTUP | ICR_ASSERT | page);
}
