/*
 * What the files of the VT-d backend share: the table of units, which boot
 * fills in, and the steps between its files. Nothing here is for the kernel.
 */
#pragma once

#include "iommu/iommu.h"
#include "iommu/vtd/dmar.h"
#include "kernel/lock.h"

#define VTD_RECORD_SIZE 16u /* bytes of a fault record */

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
    unsigned levels;       /* bit n: tables of n levels */
    unsigned address_bits; /* of a DMA address */
    uint64_t leaf_sizes;   /* as in struct radix_format */
    uint32_t domains;
    int page_order; /* largest page-selective invalidation; -1: none */
    uint32_t record_count, record_offset; /* fault records */
    bool buffers_writes, caches_absent, incoherent, x2apic;
    bool drains_reads, drains_writes;
    bool protects; /* has protected-memory registers */
    /* What we gave it. */
    uint64_t *root; /* root table, one entry of 128 bits a bus */
    struct vtd_queue queue;
    uint16_t segment;
    bool include_all;
    uint16_t buses;     /* that the root table reaches */
    uint8_t fault_next; /* fault record to look at next */
};

/* A device scope with its path resolved. Bridge: rids of all that is behind
 * it; else first = last. */
struct vtd_scope {
    uint16_t first, last;
    uint8_t unit, type, id;
};

struct vtd {
    bool on;
    bool x2apic;        /* remapping entries hold 32-bit APIC IDs */
    bool incoherent;    /* a unit reads tables without snooping */
    const char *reason; /* why not on */
    unsigned unit_count, scope_count;
    uint32_t domain_limit; /* ids below are usable by all units */
    struct radix_format format;
    struct vtd_unit units[DMAR_MAX_UNITS];
    struct vtd_scope scopes[2 * DMAR_MAX_SCOPES];
    struct dmar dmar;
};
extern struct vtd vtd;

/* unit.c: capabilities and switching on. */
/* Reads what the unit offers in `size` bytes of registers. NULL, or what it
 * lacks. */
const char *vtd_unit_probe(struct vtd_unit *u, uint32_t size);
/* R1: translation and remapping on, with empty tables. NULL, or which step
 * the unit did not confirm. */
const char *vtd_unit_enable(struct vtd_unit *u);
/* Waits until software's writes have left the unit's buffers, where it has
 * any (VT-d 4.1, 6.8). */
bool vtd_unit_drain_writes(struct vtd_unit *u);

/* queue.c: invalidation, confirmed. */
void vtd_queue_init(struct vtd_unit *u, paddr_t page, paddr_t status);
/* Runs up to 8 descriptors and waits, with a bound, until the unit has
 * finished them. False: not confirmed. */
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

/* context.c: root and context tables. */
/* An empty root with one empty context table a bus up to the last. */
void vtd_context_init(struct vtd_unit *u, unsigned buses);

/* Context entries; the caller flushes. */
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

/* remap.c: the interrupt remapping table, shared by all units. */
void vtd_remap_init(void);
/* Its address and size, as the register wants them. */
uint64_t vtd_remap_register(void);

/* fault.c: programs and unmasks the fault interrupt. */
void vtd_fault_enable(struct vtd_unit *u, uint8_t vector, uint32_t apic_id);

/* scope.c: which unit translates a requester. */
void vtd_scopes_resolve(void);
bool vtd_scope_find(uint16_t segment, uint16_t rid, uint8_t *unit);
