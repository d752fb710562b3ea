/*
 * A server that touches lent memory that is gone, again and again: init puts a
 * page in its place each time (servers/init/spare.h), and takes it from where
 * it was before. The owner of that memory is the same component.
 */
#include "tests/attack/storms/storm.h"

#define PAGES 64u /* more than init has */

static volatile uint8_t *gone;

static void prepare(void)
{
    struct memory own, lent;
    cap_t copies = slot_alloc_run(PAGES);

    raw_must("memory", memory_alloc_sized(PAGES * PAGE_SIZE, PAGE_BITS, &own));
    for (unsigned i = 0; i < PAGES; i++)
        raw_must("copy", captable_copy(STARTUP_CAPTABLE, copies + i, 0,
                                       own.frames + i, RIGHT_READ, 0)
                             .status);
    raw_must("map", memory_map_lent(copies, PAGES, PAGE_BITS, MAP_READ, &lent));
    memory_free(&own);
    gone = lent.address;
}

static void quiet(void)
{
    clock_sleep(NS_PER_MS);
}

static void touch(void)
{
    static unsigned page;

    (void)gone[page++ % PAGES * PAGE_SIZE];
}

void storm_lent(void)
{
    prepare();
    say("ready");
    storm(STORM_TIME, quiet, touch);
}
