/*
 * Ranges are few and only ever carved from the front; a component that starts
 * again gets the same memory again. The fullest range that has room is taken,
 * so large components still find large ranges.
 */
#include "servers/init/ram.h"

#include <cordon/syscalls.h>

struct range {
    cap_t untyped;
    uint64_t base, size, used;
};

static struct range ranges[BOOT_INFO_MAX_REGIONS];
static uint32_t count;

static uint64_t range_left(const struct range *r)
{
    return r->size - r->used;
}

void ram_open(void)
{
    for (uint32_t i = 0; i < boot_info->region_count; i++) {
        const struct boot_region *region = &boot_info->regions[i];
        struct result r;

        if (region->kind != REGION_RAM)
            continue;
        r = untyped_info(region->slot);
        if (r.status == OK)
            ranges[count++] =
                (struct range){region->slot, region->base, r.r[1], r.r[2]};
    }
}

uint64_t ram_take(uint64_t bytes, cap_t slot, uint64_t *physical)
{
    struct range *best = NULL;
    struct result r;

    for (uint32_t i = 0; i < count; i++)
        if (range_left(&ranges[i]) >= bytes &&
            (best == NULL || range_left(&ranges[i]) < range_left(best)))
            best = &ranges[i];
    if (best == NULL)
        return ERR_NO_MEMORY;
    r = untyped_retype(best->untyped, CAP_UNTYPED, bytes, 1, 0, slot, 0);
    if (r.status != OK)
        return r.status;
    r = untyped_info(best->untyped);
    if (r.status != OK)
        return r.status;
    best->used = r.r[2];
    *physical = best->base + best->used - bytes;
    return OK;
}

uint64_t ram_free_bytes(uint64_t *largest)
{
    uint64_t sum = 0, most = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint64_t left = range_left(&ranges[i]);

        sum += left;
        most = left > most ? left : most;
    }
    if (largest != NULL)
        *largest = most;
    return sum;
}
