/* Mapping and unmapping in an address space, one Frame or 512 at once. */
#include "bench.h"

#define AT 0x70000000ul

void frames_make(uint64_t count)
{
    for (uint64_t i = 0; i < count; i += 500)
        check("frames",
              untyped_retype(ram, CAP_FRAME, PAGE_BITS,
                             count - i < 500 ? count - i : 500, 0, FRAMES + i,
                             0)
                  .status,
              OK);
}

void frames_delete(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        check("delete", captable_delete(SLOT_CAPTABLE, FRAMES + i).status, OK);
}

static void bench_map(const char *map_name, const char *unmap_name,
                      uint64_t count)
{
    struct figure map, unmap;
    volatile char *at = (volatile char *)AT;

    figure_start(&map, map_name);
    figure_start(&unmap, unmap_name);
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start = cycles(), stop, status;

        status = space_map(SLOT_SPACE, FRAMES, count, AT, MAP_READ | MAP_WRITE)
                     .status;
        stop = cycles();
        check("map", status, OK);
        figure_add(&map, start, stop);
        at[0] = at[count * PAGE_SIZE - 1] = 1; /* into the TLB */
        start = cycles();
        status = space_unmap(SLOT_SPACE, FRAMES, count).status;
        stop = cycles();
        check("unmap", status, OK);
        figure_add(&unmap, start, stop);
    }
    figure_end(&map, count);
    figure_end(&unmap, count);
}

/* One step of reading the tables out where nothing is mapped: the most that a
 * look-up walks at once (R9). */
static void bench_lookup(void)
{
    struct figure figure;

    figure_start(&figure, "lookup-nothing");
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start = cycles(), stop, status;

        status = space_lookup(SLOT_SPACE, AT).status;
        stop = cycles();
        check("look up", status, OK);
        figure_add(&figure, start, stop);
    }
    figure_end(&figure, 1);
}

void bench_memory(void)
{
    frames_make(FRAME_COUNT);
    bench_map("map-space", "unmap-space", 1);
    bench_map("map-space-512-per-frame", "unmap-space-512-per-frame", 512);
    bench_lookup();
    frames_delete(FRAME_COUNT);
}
