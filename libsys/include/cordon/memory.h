/*
 * Memory of the component. All of it comes from one Untyped (STARTUP_MEMORY)
 * that is carved front to back: what is given back here goes to a free list,
 * not to the kernel. malloc is on top of this (sbrk); use memory_alloc for
 * what is shared with another component or must be whole pages.
 *
 * Tables of the AddressSpace are donated as they are needed. Functions return
 * a status (enum status, OK is 0); addresses come back in *out.
 */
#pragma once

#include <cordon/abi.h>

/* A mapped range and the Frames behind it, in consecutive slots. */
struct memory {
    void *address;
    size_t bytes;       /* a multiple of the Frames' size */
    cap_t frames;       /* slot of the first Frame */
    uint32_t count;     /* Frames */
    uint32_t size_bits; /* log2 of the bytes of each: 12 or 21 */
};

/*
 * Zeroed memory of at least `bytes`, mapped readable and writable. From 2 MiB
 * on in Frames of 2 MiB where there is enough memory, else of 4 KiB.
 * Errors: NO_MEMORY, LIMIT (no slots or addresses left).
 */
uint64_t memory_alloc(size_t bytes, struct memory *out);

/* The same in Frames of exactly 1 << size_bits bytes (12 or 21). */
uint64_t memory_alloc_sized(size_t bytes, unsigned size_bits,
                            struct memory *out);

/* Unmaps and puts the Frames on the free list. First everything derived from
 * them is revoked: whoever they were lent to loses them (R4). */
void memory_free(struct memory *m);

/* Maps Frames that lie in consecutive slots, such as received ones, at a free
 * address. `attributes` as enum map_attributes. */
uint64_t memory_map(cap_t frames, size_t count, unsigned size_bits,
                    unsigned attributes, struct memory *out);

/*
 * The same for memory that another component lent, in Frames of this size: else
 * ERR_CAPABILITY. It may go at any time, when its owner dies or takes it back:
 * in a component that offers a service, or that the policy gives a `network`,
 * an access then meets a page of zeros of our own, else it is a fault. So what
 * is read there must be checked, as always, and what is written there may be
 * lost. Of Frames of 2 MiB only a client of the network may say so: in the
 * place of one go pages, and a few of those have tables (servers/init/spare.h).
 */
uint64_t memory_map_lent(cap_t frames, size_t count, unsigned size_bits,
                         unsigned attributes, struct memory *out);

/* Unmaps and deletes the Frame capabilities (of lent memory: our copies). */
void memory_unmap(struct memory *m);

/*
 * The component's Untyped for memory: STARTUP_MEMORY unless set otherwise.
 * Bytes that are left in it, and bytes of Frames on the free lists.
 */
void memory_source_set(cap_t untyped);
cap_t memory_source(void);
uint64_t memory_left(void);

/* Page tables for a space (AddressSpace or Domain) out of our memory:
 * `tables` pages. Returns the status. */
uint64_t memory_donate_tables(cap_t space, size_t tables);

/* space_map that donates tables and tries again when the space asks. */
uint64_t memory_map_at(cap_t space, cap_t frames, size_t count,
                       uint64_t address, unsigned size_bits,
                       unsigned attributes);

/* Reserves addresses without mapping anything; 0 if there are none left. */
uintptr_t address_alloc(size_t bytes, size_t align);
void address_free(uintptr_t address, size_t bytes);
