/*
 * Process-context identifiers (Intel SDM 3A, 4.10.1): with them a CPU keeps
 * the translations of several address spaces and a switch need not flush.
 * Each CPU gives its few identifiers to the spaces that it loaded last. A
 * space counts the flushes that its unmaps asked for; an identifier whose
 * count is behind is flushed when it is loaded again, so only CPUs that have
 * the space loaded need be told of an unmap.
 */
#pragma once

#include <cordon/types.h>

/* Identifiers 1 to PCID_COUNT; 0 is for the kernel's own tables. */
#define PCID_COUNT 8
/* In the value written to CR3: keep what is cached for this identifier. */
#define CR3_KEEP (1ul << 63)

struct pcid_use {
    uint64_t space;   /* number of the space, never used twice; 0: none */
    uint64_t flushes; /* the space's count when it was loaded here */
};

struct pcid_cache {
    struct pcid_use uses[PCID_COUNT];
    uint32_t next; /* to be given away next */
};

/* The identifier for the space, with CR3_KEEP if what it has is good. */
static inline uint64_t pcid_choose(struct pcid_cache *cache, uint64_t space,
                                   uint64_t flushes)
{
    struct pcid_use *use;
    uint64_t i;

    for (i = 0; i < PCID_COUNT; i++) {
        use = &cache->uses[i];
        if (use->space != space)
            continue;
        if (use->flushes == flushes)
            return (i + 1) | CR3_KEEP;
        use->flushes = flushes;
        return i + 1;
    }
    i = cache->next++ % PCID_COUNT;
    cache->uses[i] = (struct pcid_use){space, flushes};
    return i + 1; /* flushes what the last space left */
}
