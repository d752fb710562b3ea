#include "servers/init/spare.h"

#include <cordon/cordon.h>

#include "servers/init/fault_text.h"

uint64_t spare_open(struct component *c)
{
    if (c->policy->offers.count == 0)
        return OK;
    c->spare_frames = component_slots(c, SPARE_PAGES);
    c->spares = c->spare_frames == 0 ? 0 : component_slots(c, SPARE_PAGES);
    if (c->spares == 0)
        return ERR_LIMIT;
    c->spare_next = 0;
    for (uint32_t i = 0; i < SPARE_PAGES; i++)
        c->spare_at[i] = 0;
    return untyped_retype(c->source, CAP_UNTYPED, PAGE_BITS, SPARE_PAGES, 0,
                          c->spares, 0)
        .status;
}

/* A page of memory that was mapped there, and not an instruction. What should
 * only have been read, or never was mapped, is a fault like any other. */
static bool is_lent(const struct component *c, const uint64_t w[FAULT_WORDS])
{
    return c->spares != 0 && w[FAULT_KIND] == FAULT_PAGE &&
           (w[FAULT_CODE] & (PAGE_FAULT_PRESENT | PAGE_FAULT_FETCH)) == 0 &&
           w[FAULT_ADDRESS] >= LENT_ADDRESS && w[FAULT_ADDRESS] < LENT_END;
}

/* Out of the component's tables, which the kernel has confirmed. */
static uint64_t take_out(struct component *c, uint32_t i)
{
    c->spare_at[i] = 0;
    return captable_revoke(STARTUP_CAPTABLE, c->spares + i).status;
}

bool spare_replace(struct component *c, const uint64_t w[FAULT_WORDS])
{
    uint64_t page = w[FAULT_ADDRESS] & ~(PAGE_SIZE - 1);
    uint32_t i = c->spare_next;
    uint64_t status;

#ifndef MUTATION_no_spare_pages
    if (!is_lent(c, w))
#endif
        return false;
    status = take_out(c, i);
    if (status == OK)
        status = untyped_retype(c->spares + i, CAP_FRAME, PAGE_BITS, 1, 0,
                                c->spare_frames + i, 0)
                     .status;
    /* R8: tables are not made for it. They are there where anything was. */
    if (status == OK)
        status = space_map(c->space, c->spare_frames + i, 1, page,
                           MAP_READ | MAP_WRITE)
                     .status;
    if (STATUS_CODE(status) == ERR_OCCUPIED)
        return true; /* another thread of it was here first */
    if (status != OK)
        return false;
    c->spare_at[i] = page;
    c->spare_next = (i + 1) % SPARE_PAGES;
    return true;
}

uint64_t spare_return(struct component *c, uint64_t address, uint64_t bytes)
{
    uint64_t error = SERVICE_OK;

    for (uint32_t i = 0; c->spares != 0 && i < SPARE_PAGES; i++)
        if (c->spare_at[i] != 0 && c->spare_at[i] - address < bytes &&
            take_out(c, i) != OK)
            error = SERVICE_GONE;
    return error;
}
