/*
 * Reader of ACPI's DMA remapping table (VT-d 4.1, chapter 8). A pure function
 * over bytes, which trusts no length: it is fuzzed.
 */
#pragma once

#include <cordon/types.h>

#define DMAR_MAX_UNITS    8
#define DMAR_MAX_SCOPES   256
#define DMAR_MAX_PATH     4
#define DMAR_MAX_RESERVED 32

/* VT-d 4.1, table 40. */
enum dmar_scope_type {
    DMAR_SCOPE_ENDPOINT = 1,
    DMAR_SCOPE_BRIDGE = 2, /* and all that is behind it */
    DMAR_SCOPE_IOAPIC = 3,
    DMAR_SCOPE_HPET = 4,
    DMAR_SCOPE_NAMESPACE = 5,
};

/* One device, as a path from a bus that firmware numbered: each step but the
 * last is a bridge. A step is device << 3 | function. */
struct dmar_scope {
    uint8_t unit; /* index of the unit that it belongs to */
    uint8_t type; /* enum dmar_scope_type */
    uint8_t id;   /* I/O APIC: its APIC ID */
    uint8_t bus;
    uint8_t steps;
    uint8_t path[DMAR_MAX_PATH];
};

struct dmar_unit {
    paddr_t registers;
    uint32_t size; /* bytes of registers */
    uint16_t segment;
    bool include_all; /* all of the segment that no scope names */
};

/* Firmware's reserved memory (RMRR): reported, never mapped. */
struct dmar_reserved {
    uint64_t base, limit; /* inclusive, physical addresses */
};

struct dmar {
    bool interrupts; /* the platform supports interrupt remapping */
    unsigned unit_count, scope_count, reserved_count;
    struct dmar_unit units[DMAR_MAX_UNITS];
    struct dmar_scope scopes[DMAR_MAX_SCOPES];
    struct dmar_reserved reserved[DMAR_MAX_RESERVED];
};

/* Returns NULL, or what is wrong with the table. */
const char *dmar_read(const void *table, size_t size, struct dmar *d);
