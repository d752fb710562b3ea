/*
 * Setting the local APICs up; kernel/arch/x86_64/apic.h then uses them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Maps the registers, calibrates the timer, and sets this CPU up in xAPIC
 * mode; once. */
void apic_init(void);
/* Chooses the interface for good; before the other CPUs start. */
void apic_choose(bool x2);
/* Sets another CPU's local APIC up, on that CPU. */
void apic_cpu_init(void);
/* This CPU's APIC ID. */
uint32_t apic_own_id(void);
/* INIT and start-up messages (Intel SDM 3A, 8.4.4.1). */
void apic_send_init(uint32_t apic_id);
void apic_send_startup(uint32_t apic_id, uint8_t page);
