/*
 * What the files of the VT-d backend share: the table of units, which
 * boot/vtd/ fills in, and the steps between its files. Nothing here is for the
 * rest of the kernel.
 */
#pragma once

#include "iommu/iommu.h"
#include "kernel/lock.h"

#define VTD_MAX_UNITS    8
#define VTD_MAX_SCOPES   512
#define VTD_RECORD_SIZE  16u /* bytes of a fault record */
#define VTD_RECORD_CLEAR 12u /* its register with the valid bit on top */
#define VTD_RECORD_VALID (1u << 31)
#define VTD_ENTRIES_LOG2 12 /* interrupt remapping entries */
#define VTD_ENTRIES      (1u << VTD_ENTRIES_LOG2)

/* An invalidation descriptor of 128 bits (VT-d 4.1, 6.5.2). */
struct vtd_descriptor {
    uint64_t low, high;
};

struct vtd_queue {
    struct lock lock;
    struct vtd_descriptor *slots; /* one page */
    volatile uint32_t *status;    /* a wait descriptor writes here */
    uint32_t tail;                /* next slot to fill */
    uint32_t sequence;            /* status of the last wait */
    bool dead; /* did not answer once: never waited for again */
};

struct vtd_unit {
    volatile uint8_t *registers;
    /* What it offers. */
    int page_order; /* largest page-selective invalidation; -1: none */
    uint32_t record_count, record_offset; /* fault records */
    bool buffers_writes, caches_absent;
    uint8_t drains; /* at an invalidation: writes (1), reads (2) in flight */
    /* What we gave it. */
    uint64_t *root; /* root table, one entry of 128 bits a bus */
    struct vtd_queue queue;
    uint16_t segment;
    bool include_all;
    uint16_t buses;     /* that the root table reaches */
    uint8_t fault_next; /* fault record to look at next */
};

/* An interrupt remapping entry (VT-d 4.1, 9.10). */
struct vtd_entry {
    uint64_t low, high;
};

/* Who a unit translates. Behind a bridge: a range of buses; else first = last.
 * An I/O APIC has the requester ID of its interrupts. */
struct vtd_scope {
    uint16_t first, last;
    uint8_t unit;
    bool is_ioapic;
    uint8_t id; /* I/O APIC: its APIC ID */
};

struct vtd {
    bool on;
    bool x2apic;     /* remapping entries hold 32-bit APIC IDs */
    bool incoherent; /* a unit reads tables without snooping */
    /* Bit n: unit n has to hear of what becomes present: it caches absent
     * entries, or holds writes back. */
    uint32_t units_to_tell;
    unsigned unit_count, scope_count;
    uint32_t domain_limit; /* ids below are usable by all units */
    struct radix_format format;
    struct vtd_unit units[VTD_MAX_UNITS];
    struct vtd_scope scopes[VTD_MAX_SCOPES];
    /* Interrupt remapping, one table for all units; a bit an entry. */
    struct vtd_entry *entries;
    uint64_t entries_used[VTD_ENTRIES / 64];
    uint32_t entries_taken;
};
extern struct vtd vtd;

/* Registers that start and the queue share, of 32 bits (VT-d 4.1, 11.4). */
#define VTD_COMMAND      0x18
#define VTD_STATUS       0x1c
#define VTD_TRANSLATE    (1u << 31)
#define VTD_WRITE_BUFFER (1u << 27)
#define VTD_QUEUE        (1u << 26)
#define VTD_REMAP        (1u << 25)
/* Commands that stay on; the others act once. */
#define VTD_LASTING (VTD_TRANSLATE | VTD_QUEUE | VTD_REMAP)

/* Waits, with a bound, until the bits of a register have a value. */
bool vtd_register_wait(const struct vtd_unit *u, unsigned reg, uint32_t bits,
                       uint32_t value);

/* queue.c: invalidation, confirmed. */
/* Runs up to 8 descriptors, one after the other, and waits, with a bound, until
 * the unit has finished them. False: not confirmed. */
bool vtd_queue_run(struct vtd_unit *u, const struct vtd_descriptor *d,
                   unsigned n);
struct vtd_descriptor vtd_context_all(void);
struct vtd_descriptor vtd_context_device(uint16_t domain_id, uint16_t rid);
struct vtd_descriptor vtd_iotlb_all(const struct vtd_unit *u);
struct vtd_descriptor vtd_iotlb_domain(const struct vtd_unit *u,
                                       uint16_t domain_id);
/* 2^order pages at `first`, which is aligned to that. */
struct vtd_descriptor vtd_iotlb_pages(const struct vtd_unit *u,
                                      uint16_t domain_id, iova_t first,
                                      unsigned order);
struct vtd_descriptor vtd_entries_all(void);
/* One interrupt remapping entry. */
struct vtd_descriptor vtd_entry(uint16_t index);

/* context.c: context entries; the caller flushes. */
/* Whether the unit's tables reach the requester's bus; all others want it. */
bool vtd_context_exists(const struct vtd_unit *u, uint16_t rid);
void vtd_context_attach(struct vtd_unit *u, uint16_t rid,
                        const struct iommu_domain *d);
/* Absent and muted. */
void vtd_context_block(struct vtd_unit *u, uint16_t rid);
/* Safe at any time on any CPU. */
void vtd_context_mute(struct vtd_unit *u, uint16_t rid, bool muted);
void vtd_context_read(const struct vtd_unit *u, uint16_t rid,
                      struct iommu_attachment *out);

/* scope.c: which unit translates a requester. */
bool vtd_scope_find(uint16_t segment, uint16_t rid, uint8_t *unit);
