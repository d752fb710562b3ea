/*
 * Maps the I/O APICs that the MADT names and masks all pins.
 */
#include "boot/arch/x86_64/steps.h"
#include "kernel/arch/x86_64/ioapic.h"
#include "kernel/mmio.h"

static void start(struct ioapic *io, const struct acpi_ioapic *found)
{
    io->registers = mmio_map(found->base, PAGE_SIZE);
    io->gsi_base = found->gsi_base;
    io->id = found->id;
    mmio_write32(io->registers + IOAPIC_SELECT, IOAPIC_VERSION);
    io->pins = (mmio_read32(io->registers + IOAPIC_WINDOW) >> 16 & 0xff) + 1;
    for (uint32_t pin = 0; pin < io->pins; pin++)
        ioapic_write(io, pin, IOAPIC_MASKED);
}

void ioapic_init(const struct acpi_info *acpi)
{
    ioapics.count = acpi->ioapic_count;
    for (unsigned i = 0; i < acpi->ioapic_count; i++)
        start(&ioapics.units[i], &acpi->ioapics[i]);
    ioapics.wire_count = acpi->override_count;
    __builtin_memcpy(ioapics.wires, acpi->overrides, sizeof(ioapics.wires));
}
