/*
 * What a component finds when it starts. init fills this structure into
 * read-only pages and passes their address in rdi; crt0 keeps it. Everything
 * that the component may do is named here, because the policy said so.
 */
#pragma once

#include <cordon/abi.h>
#include <cordon/boot_info.h>

#define STARTUP_MAGIC      0x436f72646f6e5374ull /* "CordonSt" */
#define STARTUP_ADDRESS    0x10000000ul          /* where init maps it */
#define STARTUP_PAGES      2
#define STARTUP_MAX_CAPS   96
#define STARTUP_NAME_BYTES 32

/* Slots that every component has; named ones follow at SLOT_NAMED. */
enum startup_slot {
    STARTUP_CAPTABLE = 1, /* its own table, read and write */
    STARTUP_SPACE = 2,    /* its own address space */
    STARTUP_THREAD = 3,   /* its first thread */
    STARTUP_SCHED_CONTEXT = 4,
    STARTUP_MESSAGE = 5, /* Frame of the first thread's message page */
    STARTUP_MEMORY = 6,  /* RAM Untyped: the rest of its memory */
    STARTUP_FAULT = 7,   /* endpoint for faults of further threads */
    STARTUP_NAMED = 16,
};

enum startup_kind {
    STARTUP_SERVICE_USED = 1,    /* endpoint to call; name = policy's `as` */
    STARTUP_SERVICE_OFFERED = 2, /* endpoint to receive on; name = service */
    STARTUP_DEVICE = 3,          /* Device, read only: faults, state */
    STARTUP_DOMAIN = 4,          /* Domain the device is attached to */
    STARTUP_WINDOW = 5,          /* device Untyped; index = BAR, size = bytes */
    STARTUP_INTERRUPT = 6,       /* Interrupt; index = vector or ISA line */
    STARTUP_PCI = 7,             /* endpoint of the PCI server for the device */
    STARTUP_PORTS = 8,           /* IoPorts; index = first port, size = ports */
    STARTUP_DMA_MEMORY = 9,      /* RAM Untyped for DMA; size = bytes */
    STARTUP_SPARE_CONTEXT = 10,  /* SchedContext for another thread; index */
    STARTUP_CONTROL = 11,        /* role pci-server: DeviceControl */
    STARTUP_DEVICE_MEMORY = 12, /* role pci-server: device Untyped; base,size */
};

struct startup_cap {
    uint32_t kind; /* enum startup_kind */
    uint32_t slot;
    uint32_t index;
    uint32_t reserved;
    uint64_t base;                 /* DEVICE_MEMORY: physical address */
    uint64_t size;                 /* bytes, or ports */
    char name[STARTUP_NAME_BYTES]; /* service or device name */
};

struct startup {
    uint64_t magic;
    uint32_t size; /* of this structure */
    uint32_t cpus;
    struct clock_params clock;
    uint64_t wall_seconds;    /* UTC seconds since 1970 at monotonic time 0 */
    uint64_t message_address; /* of the first thread's message page */
    uint64_t heap_address;    /* first address that the component may map */
    uint64_t heap_end;        /* first address beyond */
    uint64_t stack_address, stack_bytes; /* of the first thread */
    uint64_t table_slots;                /* size of its CapTable */
    uint64_t first_free_slot; /* from here to table_slots all are empty */
    uint64_t memory_bytes;    /* left in STARTUP_MEMORY */
    uint32_t cpu;             /* of the first thread */
    uint32_t isolation;       /* 1: the IOMMU is on */
    uint64_t tls_template, tls_file_bytes, tls_bytes, tls_align;
    uint32_t ecam_count; /* role pci-server */
    uint32_t cap_count;
    struct boot_ecam ecam[BOOT_INFO_MAX_SEGMENTS];
    /* Addresses where lent memory goes, and init puts a page in the place of
     * one that its owner took back; none if the component offers nothing. */
    uint64_t lent_address, lent_end;
    uint32_t argc;
    uint32_t arg_bytes;
    char name[STARTUP_NAME_BYTES]; /* of the component */
    char args[512];                /* argc NUL-terminated strings */
    struct startup_cap caps[STARTUP_MAX_CAPS];
};
_Static_assert(sizeof(struct startup) <= STARTUP_PAGES * PAGE_SIZE, "fits");
_Static_assert(__builtin_offsetof(struct startup, name) == 0xf8,
               "tests/lib/tables.py reads it there");
