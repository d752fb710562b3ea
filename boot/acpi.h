/*
 * What the kernel learns from ACPI's static tables: processors, I/O APICs,
 * interrupt overrides, PCI segments, timers and the ports that power off. The
 * readers are pure functions over bytes: they trust no length and no offset,
 * and follow pointers only through acpi_map_fn. No AML.
 * Source: ACPI specification 6.5, chapter 5.2; PCI Firmware 3.3, 4.1.2;
 * IA-PC HPET 1.0a, 3.2.4.
 */
#pragma once

#include <cordon/types.h>
#include "kernel/arch/x86_64/ioapic.h"

#define ACPI_MAX_CPUS     64
#define ACPI_MAX_SEGMENTS 4

struct acpi_cpu {
    uint32_t apic_id;
};

struct acpi_ioapic {
    uint8_t id;
    uint32_t gsi_base;
    paddr_t base;
};

/* Configuration space of one PCI segment: 1 MiB a bus from `base`. */
struct acpi_segment {
    paddr_t base; /* of bus 0, even where first_bus is not 0 */
    uint16_t segment;
    uint8_t first_bus, last_bus;
};

struct acpi_info {
    unsigned cpu_count, cpus_left_out;
    struct acpi_cpu cpus[ACPI_MAX_CPUS];
    unsigned ioapic_count;
    struct acpi_ioapic ioapics[IOAPIC_MAX];
    unsigned override_count;
    struct ioapic_wire overrides[WIRES_MAX];
    unsigned segment_count;
    struct acpi_segment segments[ACPI_MAX_SEGMENTS];
    paddr_t local_apic; /* registers; 0: MADT missing */
    paddr_t hpet;       /* registers; 0: none */
    uint16_t pm1a_port, pm1b_port, pm_timer_port; /* 0: none */
    /* The whole DMAR table (VT-d 8.1); NULL: none. */
    const void *dmar;
    size_t dmar_size;
};

/*
 * Returns readable memory for `size` bytes at `address`, or NULL where there
 * is none. What it returned must stay readable while the tables are read.
 */
typedef const void *(*acpi_map_fn)(paddr_t address, size_t size);

/*
 * Reads the tables that `rsdp` (of which `size` bytes are readable) leads to.
 * Returns NULL, or a message that says what is wrong; a single broken table
 * is left out and does not spoil the others (its signature is then in
 * *broken, else *broken is 0).
 */
const char *acpi_read(const void *rsdp, size_t size, acpi_map_fn map,
                      struct acpi_info *info, uint32_t *broken);

/* Single tables; each returns false when the table is malformed. */
bool acpi_read_madt(const void *table, size_t size, struct acpi_info *info);
bool acpi_read_mcfg(const void *table, size_t size, struct acpi_info *info);
bool acpi_read_fadt(const void *table, size_t size, struct acpi_info *info);
bool acpi_read_hpet(const void *table, size_t size, struct acpi_info *info);

/* Whether `size` bytes add up to 0 modulo 256. */
bool acpi_checksum_ok(const void *data, size_t size);
