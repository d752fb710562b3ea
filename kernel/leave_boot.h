/* Giving boot/'s pages back when start is over. */
#pragma once

#include <cordon/types.h>

/* They lie within one page table of the image and one of the direct map:
 * `count` entries from `image` and from `direct` on. */
struct boot_pages {
    uint64_t *image, *direct;
    uint64_t count;
};

/* Unmaps them from the image and makes them ordinary RAM, writable and not
 * executable, in the direct map. Every CPU then flushes. */
void leave_boot(struct boot_pages boot);
/* All entries of this CPU's TLB, global ones too. */
void tlb_flush_all(void);
