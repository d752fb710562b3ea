/*
 * The local APIC: end of interrupt, messages to other CPUs, and the one-shot
 * timer. Both register interfaces are the same registers: xAPIC at 16 bytes'
 * distance in memory, x2APIC as MSRs (Intel SDM 3A, 10.12.1.2). The choice is
 * made once at boot, so each access here has one branch that never changes.
 * In x2APIC mode the current-count register is never read: under -icount
 * that ends QEMU.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "kernel/arch/x86_64/cpu_ops.h"

/* Registers, as MSR numbers from MSR_X2APIC_BASE (Intel SDM 3A, table 10-6). */
#define APIC_EOI           0x0b
#define APIC_ICR           0x30
#define APIC_ICR_HIGH      0x31 /* xAPIC only: destination in 31:24 */
#define APIC_TIMER_INITIAL 0x38

#define ICR_PENDING   (1u << 12) /* xAPIC only */
#define ICR_NMI       (4u << 8)
#define ICR_ASSERT    (1u << 14)
#define ICR_TO_OTHERS (3u << 18)

extern bool apic_x2;                      /* the interface in use */
extern volatile uint32_t *apic_registers; /* xAPIC */
extern bool apic_deadline;                /* timer compares with the TSC */
/* Timer ticks for TSC ticks: (tsc * mult) >> 32. */
extern uint64_t apic_timer_mult;

static inline void apic_write(uint32_t reg, uint32_t value)
{
    if (apic_x2)
        msr_write(MSR_X2APIC_BASE + reg, value);
    else
        apic_registers[reg * 4] = value;
}

/* Writes the interrupt command register; `command` is its low half. */
static inline void apic_command(uint32_t apic_id, uint32_t command)
{
    if (apic_x2) {
        /* A WRMSR to the x2APIC does not order earlier stores
         * (Intel SDM 3A, 10.12.3): the receiver must see them. */
        __asm__ volatile("mfence; lfence" : : : "memory");
        msr_write(MSR_X2APIC_BASE + APIC_ICR,
                  (uint64_t)apic_id << 32 | command);
        return;
    }
    while (apic_registers[APIC_ICR * 4] & ICR_PENDING)
        cpu_relax();
    apic_registers[APIC_ICR_HIGH * 4] = apic_id << 24;
    apic_registers[APIC_ICR * 4] = command;
}

/* Sends interrupt `vector` to the CPU with this APIC ID. */
static inline void apic_send_ipi(uint32_t apic_id, uint8_t vector)
{
    apic_command(apic_id, vector);
}

static inline __attribute__((always_inline)) void apic_eoi(void)
{
    apic_write(APIC_EOI, 0);
}

/*
 * VECTOR_TIMER fires once, at or soon after this time; at once when it has
 * passed. A far deadline may fire early (32-bit counter): the handler looks at
 * the clock and arms again. Replaces an earlier deadline.
 */
static inline void apic_timer_arm_tsc(uint64_t deadline)
{
    if (apic_deadline) {
        /* 0 would disarm (Intel SDM 3A, 10.5.4.1). */
        msr_write(MSR_TSC_DEADLINE, deadline ? deadline : 1);
        return;
    }
    uint64_t now = tsc_read();
    uint64_t delta = deadline > now ? deadline - now : 0;
    unsigned __int128 ticks = (unsigned __int128)delta * apic_timer_mult >> 32;
    uint32_t count = ticks > 0xfffffffe ? 0xfffffffe : (uint32_t)ticks;
    apic_write(APIC_TIMER_INITIAL, count + 1);
}
