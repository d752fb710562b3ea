/*
 * The I/O APICs: every pin is masked at boot and stays so until somebody with
 * the right routes it. Pins are named by global system interrupt (GSI).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "kernel/acpi.h"

/* Maps all I/O APICs and masks all pins. */
void ioapic_init(const struct acpi_info *acpi);

/* The GSI that ISA interrupt `irq` is wired to. */
uint32_t ioapic_gsi_of_isa(uint8_t irq);

/* Whether the GSI exists; *apic_id is the I/O APIC's ID (for its source-id in
 * the DMAR table) and *pin the pin on it. */
bool ioapic_find(uint32_t gsi, uint8_t *apic_id, unsigned *pin);

/*
 * Routes a GSI, still masked: ioapic_unmask() lets it through. Polarity and
 * trigger come from the MADT's overrides (ISA defaults: high, edge).
 * ioapic_route_remapped names an entry of the interrupt remapping table
 * (VT-d 5.1.5.1); the entry must deliver `vector`. ioapic_route_direct sends
 * straight to a CPU: only where there is no interrupt remapping.
 * False: no such GSI.
 */
bool ioapic_route_remapped(uint32_t gsi, uint8_t vector, uint16_t entry);
bool ioapic_route_direct(uint32_t gsi, uint8_t vector, uint8_t apic_id);
/* Whether it is level-triggered. */
bool ioapic_is_level(uint32_t gsi);
void ioapic_mask(uint32_t gsi);
void ioapic_unmask(uint32_t gsi);
