/*
 * A software model of VT-d units for host tests, written from the specification
 * and not from our driver: its numbers are its own. It stands behind the
 * kernel's platform functions, so the driver's object code runs on it as is.
 *
 * It caches context entries, translations and remapping entries until they
 * are invalidated, reads memory that was not written back as garbage where the
 * unit is not coherent, and can be told to fail.
 */
#pragma once

#include <cordon/types.h>

#define MODEL_UNITS   2
#define MODEL_BASE    0xfed90000ull /* registers of unit 0; 8 KiB apart */
#define MODEL_RECORDS 4             /* fault records */

/* Capability bits for model_reset. */
enum model_option {
    MODEL_COHERENT = 1,
    MODEL_CACHING_MODE = 2,
    MODEL_WRITE_BUFFER = 4,
    MODEL_NO_PAGE_SELECT = 8,
    MODEL_LEVELS_3_ONLY = 16,
    MODEL_NO_LARGE = 32,
    MODEL_NO_QUEUE = 64,
    MODEL_NO_REMAP = 128,
    MODEL_NO_X2APIC = 256,
    MODEL_FIRMWARE_ON = 512, /* firmware left translation and a queue on */
};

/* What to do wrong, once `after` more descriptors have been executed. */
enum model_failure {
    MODEL_FINE,
    MODEL_REFUSE,        /* IQE at the next descriptor, once */
    MODEL_REFUSE_ALWAYS, /* IQE at each descriptor */
    MODEL_TLB_SILENT,    /* ITE: aborts pending waits, once */
    MODEL_DEAD,          /* the queue does nothing any more */
};

void model_reset(unsigned units, unsigned options);
void model_fail(enum model_failure failure, unsigned after);
/* Time passes; each look at the clock takes 1 us besides. */
void model_advance(uint64_t ns);
/* Zeroed pages of the model's memory. */
paddr_t model_pages(size_t n);

/* Fault reasons that the model gives (VT-d 4.1, 7.1.3 and 5.1.4). */
enum model_reason {
    MODEL_OK = 0,
    MODEL_ROOT_ABSENT = 1,
    MODEL_CONTEXT_ABSENT = 2,
    MODEL_CONTEXT_INVALID = 3,
    MODEL_BEYOND_WIDTH = 4,
    MODEL_NO_WRITE = 5,
    MODEL_NO_READ = 6,
    MODEL_RESERVED_CONTEXT = 0xb,
    MODEL_RESERVED_PAGING = 0xc,
    MODEL_INDEX_BEYOND = 0x21,
    MODEL_ENTRY_ABSENT = 0x22,
    MODEL_RESERVED_ENTRY = 0x24,
    MODEL_COMPATIBILITY = 0x25,
    MODEL_BAD_SOURCE = 0x26,
};

/* A device's access: 0 and *pa, or the reason why it was blocked. */
int model_dma(unsigned unit, uint16_t rid, uint64_t address, bool write,
              uint64_t *pa);
/* Drops a fault between two looks at the records: overflow without one. */
void model_drop_fault(unsigned unit);
/* A device's interrupt request: 0 and where it goes, or the reason. */
int model_msi(unsigned unit, uint16_t rid, uint64_t address, uint32_t data,
              uint8_t *vector, uint32_t *apic_id);

/* Counters of what the driver did. */
struct model_counts {
    unsigned iotlb_pages, iotlb_domain, iotlb_all;
    unsigned context_device, context_all;
    unsigned entry, entries_all, waits;
    unsigned fault_interrupts;
    unsigned bad_accesses; /* wrong width, reserved bits, aborting waits,
                              invalidations in no order */
    unsigned write_flushes;
};
extern struct model_counts model_counts;
uint32_t model_read32(unsigned unit, unsigned reg);
/* ACPI table that describes the model's units; unit 0 has explicit scopes,
 * the last unit includes all. Returns its size. */
size_t model_dmar(uint8_t *out, unsigned units);
