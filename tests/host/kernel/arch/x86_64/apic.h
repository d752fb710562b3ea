/*
 * In place of the kernel's: messages between the CPUs of tests/host/machine.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "kernel/arch/x86_64/cpu_ops.h"

extern bool apic_x2, apic_deadline;
extern volatile uint32_t *apic_registers;
extern uint64_t apic_timer_mult;

void machine_ipi(uint32_t apic_id);
void machine_timer_arm(uint64_t deadline);

static inline void apic_send_ipi(uint32_t apic_id, uint8_t vector)
{
    (void)vector;
    machine_ipi(apic_id);
}

static inline void apic_eoi(void)
{
}

static inline void apic_timer_arm_tsc(uint64_t deadline)
{
    machine_timer_arm(deadline);
}
