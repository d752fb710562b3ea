/*
 * Spaces: the page tables of a process (AddressSpace) or of devices (Domain),
 * with the list of Frame capabilities mapped in them. What differs between
 * the two is how a change is confirmed: by TLB shootdown or by IOTLB
 * invalidation.
 */
#pragma once

#include "kernel/cap.h"
#include "kernel/cpu.h"
#include "kernel/radix.h"

struct domain;

struct space {
    struct object object;
    struct radix *tables; /* `own_tables`, or the Domain's */
    struct radix own_tables;
    struct cap mappings; /* head of the list of Frames and donated memory */
    uint64_t mapped;     /* bytes */
    uint64_t root;       /* CR3; AddressSpace */
    uint64_t number;     /* of an AddressSpace, never used twice */
    uint64_t flushes;    /* that its unmaps asked for; only with PCIDs */
    bool emptied;        /* its table memory was revoked */
};

/* The least log2 of the bytes that a space is retyped from. */
#define SPACE_MIN_BITS 14
/* And the most: its tables go in at once, as those of a donation (R9). */
#define SPACE_MAX_BITS 21

/*
 * Makes a space of 2^size_bits zeroed bytes: header, root, free tables.
 * Domains: a domain-id is free.
 */
void space_init(struct space *space, enum cap_type type, unsigned size_bits);
/* Loads it on this CPU. */
static inline __attribute__((always_inline)) void
space_load(struct cpu *cpu, struct space *space)
{
    uint64_t root = space->root;

    __atomic_store_n(&cpu->space, space, __ATOMIC_RELAXED);
    if (unlikely(platform.pcid)) {
        /* Between the two that space_flush takes in the other order. */
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        root |= pcid_choose(&cpu->pcids, space->number,
                            __atomic_load_n(&space->flushes, __ATOMIC_RELAXED));
    }
    cr3_write(root);
}
/* Forgets all translations on this CPU, and leaves a dying space. */
void space_flush_local(struct cpu *cpu);

/*
 * Takes one Frame's mapping out without flushing; what it needs is gathered
 * in `batch` and confirmed by space_flush.
 */
struct flush_batch {
    struct space *space;
    uint64_t from, to;          /* addresses touched */
    struct radix_cursor cursor; /* goes on at `next` with `bits` */
    uint64_t next;
    unsigned bits;
};
bool space_unmap_cap(struct cap *frame, struct flush_batch *batch);
/*
 * The short way for one Frame of 4 KiB, checked, whose table was the last that
 * was written. False: it is not that simple; nothing has changed.
 */
bool space_map_page(struct space *space, struct cap *frame, uint64_t address,
                    unsigned leaf, uint64_t attributes);
/* The same for one that is mapped in the space; *confirmed as space_flush. */
bool space_unmap_page(struct space *space, struct cap *frame, bool *confirmed);
/* Takes out those of `count` Frames of one size that are mapped in the space,
 * confirmed if true. */
uint64_t space_unmap_run(struct space *space, struct cap *frames,
                         uint64_t count, bool *confirmed);
/* How many of the Frames one entry may change one by one (R9). */
uint64_t space_step(const struct cap *frames, uint64_t count);
/* Changes what one mapped Frame of batch->space allows, likewise. */
void space_protect_cap(struct cap *frame, struct flush_batch *batch,
                       unsigned leaf, uint64_t attributes);
/* Records that this Frame capability is mapped at `address`. */
void space_note(struct space *space, struct cap *frame, uint64_t address,
                uint64_t attributes);
/* Maps `count` Frames of 2^bits bytes, all checked, from `address` on, with
 * leaf attributes, and notes the attributes that the caller asked for. */
void space_map_run(struct space *space, struct cap *frames, uint64_t count,
                   unsigned bits, uint64_t address, unsigned leaf,
                   uint64_t attributes);
/* Where a mapped Frame capability is mapped, and how. */
static inline uint64_t mapping_address(const struct cap *frame)
{
    return frame->data & ~(PAGE_SIZE - 1);
}
/* False: hardware did not confirm (R4: quarantine). */
bool space_flush(struct flush_batch *batch);

enum step space_destroy_step(struct space *space);
/* A capability for donated memory goes: the space loses all its tables. */
enum step space_withdraw_step(struct cap *memory);

/* Set once hardware failed to confirm an invalidation: no memory is used
 * again from then on (R4, fail closed). */
extern bool memory_quarantined;

/* Implemented with the IOMMU (kernel/domain.c). */
#define DOMAIN_HEADER_BYTES 1024
void domain_init(struct space *space, paddr_t root);
bool domain_flush(struct space *space, uint64_t from, uint64_t to);
/* After a map: hardware may cache that nothing was there (VT-d 4.1, 6.1). */
bool domain_flush_mapped(struct space *space, uint64_t from, uint64_t to);
void domain_destroy(struct space *space);
uint64_t domain_device_count(const struct space *space);
uint64_t domain_id(const struct space *space);
