/*
 * A page of zeros where memory that somebody lent is gone: for whom, when, and
 * out of which memory (spare.h says why).
 */
#include "servers/init/spare.h"

#include <cordon/cordon.h>

#include "servers/init/fault_text.h"

static bool has_network(const struct component *c)
{
    const struct manifest_range *uses = &c->policy->uses;

    for (uint32_t i = uses->first; i < uses->first + uses->count; i++)
        if (manifest_network_of(&manifest, i) != NULL)
            return true;
    return false;
}

bool spare_wanted(const struct component *c)
{
    return c->policy->offers.count != 0 || has_network(c);
}

/* Untypeds of a page each, in a run of slots that becomes *run. */
static uint64_t carve(struct component *c, uint32_t count, cap_t *run)
{
    *run = component_slots(c, count);
    if (*run == 0)
        return ERR_LIMIT;
    return untyped_retype(c->source, CAP_UNTYPED, PAGE_BITS, count, 0, *run, 0)
        .status;
}

uint64_t spare_open(struct component *c)
{
    uint64_t status = OK;

    if (!spare_wanted(c))
        return OK;
    c->spare_frames = component_slots(c, SPARE_PAGES);
    if (c->spare_frames == 0)
        return ERR_LIMIT;
    c->spare_next = c->spare_tables_used = 0;
    for (uint32_t i = 0; i < SPARE_PAGES; i++)
        c->spare_at[i] = 0;
    if (has_network(c))
        status = carve(c, SPARE_TABLES, &c->spare_tables);
    return status == OK ? carve(c, SPARE_PAGES, &c->spares) : status;
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

/* R8: a table comes out of the component's memory as well. Where a page was,
 * there is one. */
static uint64_t map_page(struct component *c, cap_t frame, uint64_t page)
{
    uint64_t status =
        space_map(c->space, frame, 1, page, MAP_READ | MAP_WRITE).status;

    if (STATUS_CODE(status) != ERR_NEED_TABLES || c->spare_tables == 0 ||
        c->spare_tables_used == SPARE_TABLES)
        return status;
    status =
        space_donate(c->space, c->spare_tables + c->spare_tables_used++).status;
    return status != OK
               ? status
               : space_map(c->space, frame, 1, page, MAP_READ | MAP_WRITE)
                     .status;
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
    if (status == OK)
        status = map_page(c, c->spare_frames + i, page);
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
