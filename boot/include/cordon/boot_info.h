/*
 * What the first process finds at start: filled slots, and pages that tell it
 * about the machine.
 */
#pragma once

#include <cordon/abi.h>

/*
 * Slots of the first process. Everything else lies at FIRST_FREE and up, as
 * struct boot_info says.
 */
enum init_slot {
    SLOT_NULL = 0,
    SLOT_CAPTABLE = 1,
    SLOT_SPACE = 2,
    SLOT_THREAD = 3,
    SLOT_SCHED_CONTEXT = 4,
    SLOT_MESSAGE_FRAME = 5,
    SLOT_SCHED_CONTROL = 6,
    SLOT_DEVICE_CONTROL = 7,
    SLOT_IO_PORTS = 8,
    SLOT_INIT_FIRST_FREE = 16
};

enum boot_region_kind {
    REGION_RAM = 1,    /* Untyped RAM */
    REGION_DEVICE = 2, /* device Untyped */
    REGION_MODULE = 3, /* a boot module, named */
};

struct boot_region {
    uint64_t slot; /* of the Untyped in the first process's table */
    uint64_t base; /* physical address, for matching with what ECAM says */
    uint64_t size; /* bytes, a multiple of 4 KiB */
    uint32_t kind; /* enum boot_region_kind */
    uint32_t data_size_low; /* module: exact size in bytes (modules < 4 GiB) */
    char name[32];          /* module: its name; else empty */
};

#define BOOT_INFO_MAX_REGIONS  96
#define BOOT_INFO_MAX_SEGMENTS 4
#define BOOT_INFO_MAGIC        0x436f72646f6e3031ull /* "Cordon01" */

/* One PCI segment's configuration space (PCI firmware spec 3.3, 4.1.2). */
struct boot_ecam {
    uint64_t base; /* physical address of bus 0's function 0:0 */
    uint16_t segment;
    uint8_t first_bus, last_bus;
    uint32_t reserved;
};

/* Read-only pages that the first process finds; rdi holds their address. */
struct boot_info {
    uint64_t magic;
    uint32_t size; /* of this structure */
    uint32_t cpus; /* that run */
    struct clock_params clock;
    uint64_t first_free_slot;
    uint64_t table_slots;     /* size of the first process's CapTable */
    uint64_t ram_bytes;       /* of the machine */
    uint64_t message_address; /* of the first process's message page */
    uint64_t heap_address;    /* from here it may map, up to the user limit */
    uint32_t isolation;       /* 1: IOMMU and interrupt remapping are on */
    uint32_t pm1a_port, pm1b_port; /* ACPI PM1 control; 0: none */
    uint32_t fpu_area_size;
    char isolation_reason[96]; /* why not, when isolation is 0 */
    char cpu_name[56];
    uint32_t ecam_count;
    uint32_t region_count;
    struct boot_ecam ecam[BOOT_INFO_MAX_SEGMENTS];
    struct boot_region regions[BOOT_INFO_MAX_REGIONS];
};
_Static_assert(sizeof(struct boot_info) <= 2 * PAGE_SIZE, "two pages");
