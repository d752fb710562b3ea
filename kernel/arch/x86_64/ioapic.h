/*
 * The I/O APICs: every pin is masked at boot and stays so until somebody with
 * the right routes it. Pins are named by global system interrupt (GSI).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define IOAPIC_SELECT  0x00 /* IOREGSEL, in memory */
#define IOAPIC_WINDOW  0x10 /* IOWIN */
#define IOAPIC_VERSION 0x01 /* indirect: highest pin in 23:16 */
#define IOAPIC_ENTRY   0x10 /* indirect: two registers a pin */
#define IOAPIC_MASKED  0x10000u

#define IOAPIC_MAX 8
#define WIRES_MAX  24

struct ioapic {
    volatile char *registers;
    uint32_t gsi_base, pins;
    uint8_t id;
};

/* An ISA interrupt that is not wired to the GSI of the same number. */
struct ioapic_wire {
    uint32_t gsi;
    uint8_t irq;
    bool active_low, level;
};

/* Filled at start. */
struct ioapics {
    unsigned count, wire_count;
    struct ioapic units[IOAPIC_MAX];
    struct ioapic_wire wires[WIRES_MAX];
};
extern struct ioapics ioapics;

/* Writes a redirection entry; it never delivers half-written. */
void ioapic_write(const struct ioapic *io, uint32_t pin, uint64_t entry);

/* The GSI that ISA interrupt `irq` is wired to. */
uint32_t ioapic_gsi_of_isa(uint8_t irq);

/* Whether the GSI exists; *apic_id is the I/O APIC's ID (for its source-id in
 * the DMAR table) and *pin the pin on it. */
bool ioapic_find(uint32_t gsi, uint8_t *apic_id, unsigned *pin);

/*
 * Routes a GSI, still masked: ioapic_mask() lets it through. Polarity and
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
void ioapic_mask(uint32_t gsi, bool masked);
