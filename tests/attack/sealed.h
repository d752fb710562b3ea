/*
 * A page of the attacker's own that no space maps: only its Frame capability
 * is left. An attack that changes it went past the kernel's checks.
 */
#pragma once

#include "tests/attack/attack.h"

struct sealed {
    cap_t frame;
    uint64_t address; /* where it was mapped, and nothing is now */
};

/* All of it but the mark is 0. Then the runner looks where it is. */
static struct sealed sealed_make(void)
{
    struct memory page;
    uint64_t status = memory_alloc_sized(PAGE_SIZE, PAGE_BITS, &page);

    if (status != OK)
        attack_error("page", status);
    page_mark(page.address, "sealed");
    memset((char *)page.address + 64, 0, PAGE_SIZE - 64);
    say("ready");
    ask("located");
    status = space_unmap(STARTUP_SPACE, page.frames, 1).status;
    if (status != OK)
        attack_error("unmap", status);
    return (struct sealed){page.frames, (uintptr_t)page.address};
}

/* What a successful attacker does with a page that it has mapped. */
__attribute__((unused)) static void sealed_break(const struct sealed *sealed)
{
    memset((char *)sealed->address + 64, PATTERN, 64);
}
