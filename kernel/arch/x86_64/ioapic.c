/*
 * I/O APICs. A redirection entry is written in full while its pin is masked,
 * so that no half-written entry ever delivers. With interrupt remapping an
 * entry names a remapping entry instead of a CPU.
 * Source: Intel 82093AA data sheet, 3.0; VT-d 4.1, 5.1.5.1.
 */
#include "kernel/arch/x86_64/ioapic.h"
#include "kernel/mmio.h"
#include <stddef.h>

#define ENTRY_ACTIVE_LOW (1ul << 13)
#define ENTRY_LEVEL      (1ul << 15)
#define ENTRY_REMAPPED   (1ul << 48)

struct ioapics ioapics;

static uint32_t reg_read(const struct ioapic *io, uint32_t reg)
{
    mmio_write32(io->registers + IOAPIC_SELECT, reg);
    return mmio_read32(io->registers + IOAPIC_WINDOW);
}

static void reg_write(const struct ioapic *io, uint32_t reg, uint32_t value)
{
    mmio_write32(io->registers + IOAPIC_SELECT, reg);
    mmio_write32(io->registers + IOAPIC_WINDOW, value);
}

/* The mask bit is in the low half: masked first, high half, then low. */
void ioapic_write(const struct ioapic *io, uint32_t pin, uint64_t entry)
{
    uint32_t low = IOAPIC_ENTRY + pin * 2;

    reg_write(io, low, IOAPIC_MASKED);
    reg_write(io, low + 1, (uint32_t)(entry >> 32));
    reg_write(io, low, (uint32_t)entry);
}

uint32_t ioapic_gsi_of_isa(uint8_t irq)
{
    for (unsigned i = 0; i < ioapics.wire_count; i++)
        if (ioapics.wires[i].irq == irq)
            return ioapics.wires[i].gsi;
    return irq;
}

static const struct ioapic *find(uint32_t gsi)
{
    for (unsigned i = 0; i < ioapics.count; i++)
        if (gsi >= ioapics.units[i].gsi_base &&
            gsi - ioapics.units[i].gsi_base < ioapics.units[i].pins)
            return &ioapics.units[i];
    return NULL;
}

bool ioapic_find(uint32_t gsi, uint8_t *apic_id, unsigned *pin)
{
    const struct ioapic *io = find(gsi);

    if (!io)
        return false;
    *apic_id = io->id;
    *pin = gsi - io->gsi_base;
    return true;
}

/* Polarity and trigger of a GSI: ISA's unless the MADT says otherwise. */
static uint64_t wiring(uint32_t gsi)
{
    for (unsigned i = 0; i < ioapics.wire_count; i++) {
        const struct ioapic_wire *o = &ioapics.wires[i];
        if (o->gsi == gsi)
            return (o->active_low ? ENTRY_ACTIVE_LOW : 0) |
                   (o->level ? ENTRY_LEVEL : 0);
    }
    return gsi < 16 ? 0 : ENTRY_ACTIVE_LOW | ENTRY_LEVEL; /* PCI's */
}

bool ioapic_is_level(uint32_t gsi)
{
    return (wiring(gsi) & ENTRY_LEVEL) != 0;
}

static bool route(uint32_t gsi, uint64_t entry)
{
    const struct ioapic *io = find(gsi);

    if (!io)
        return false;
    ioapic_write(io, gsi - io->gsi_base, entry | wiring(gsi) | IOAPIC_MASKED);
    return true;
}

bool ioapic_route_remapped(uint32_t gsi, uint8_t vector, uint16_t entry)
{
    return route(gsi, ENTRY_REMAPPED | (uint64_t)(entry & 0x7fff) << 49 |
                          (uint64_t)(entry >> 15) << 11 | vector);
}

bool ioapic_route_direct(uint32_t gsi, uint8_t vector, uint8_t apic_id)
{
    return route(gsi, (uint64_t)apic_id << 56 | vector);
}

void ioapic_mask(uint32_t gsi, bool masked)
{
    const struct ioapic *io = find(gsi);

    if (!io)
        return;
    uint32_t reg = IOAPIC_ENTRY + (gsi - io->gsi_base) * 2;
    uint32_t low = reg_read(io, reg) & ~IOAPIC_MASKED;
    reg_write(io, reg, masked ? low | IOAPIC_MASKED : low);
}
