/*
 * Registers beyond the window: by the capability, which must refuse, and by
 * address, which must be the end of this component. A Frame that it got all the
 * same is mapped, so that the tables show it.
 */
#include "tests/attack/attack.h"

/* Frames past the window's end out of its own capability, nothing of which is
 * in use yet: at its end, across it, far beyond, and round the end of 64 bits.
 * Returns the first that it got, 0 if none. */
static cap_t attack_capability(const char *device)
{
    cap_t window = startup_find(STARTUP_WINDOW, device, 0)->slot;
    uint64_t size = untyped_info(window).r[1];
    const struct {
        uint64_t offset, count;
        unsigned bits;
    } tries[] = {
        {size, 1, PAGE_BITS},          {size - PAGE_SIZE, 2, PAGE_BITS},
        {size - 1, 1, PAGE_BITS},      {0, size / PAGE_SIZE + 1, PAGE_BITS},
        {0, 1, PAGE_2M_BITS},          {0, 1, PAGE_1G_BITS},
        {size << 8, 1, PAGE_BITS},     {1ull << 46, 1, PAGE_BITS},
        {0 - PAGE_SIZE, 1, PAGE_BITS}, {0 - PAGE_SIZE, 2, PAGE_BITS},
        {0 - size, 2, PAGE_BITS},
    };
    cap_t slot = slot_alloc_run(512), found = 0;

    if (slot == 0)
        attack_error("slots", ERR_LIMIT);
    for (unsigned i = 0; i < sizeof(tries) / sizeof(*tries); i++)
        if (untyped_retype(window, CAP_FRAME, tries[i].bits, tries[i].count, 0,
                           slot, tries[i].offset)
                .status == OK) {
            found = slot;
            say("breach: %llu frames at offset %#llx of %#llx",
                (unsigned long long)tries[i].count,
                (unsigned long long)tries[i].offset, (unsigned long long)size);
        }
    return found;
}

static volatile uint32_t *map_frame(cap_t frame)
{
    struct memory mapped;

    if (memory_map(frame, 1, PAGE_BITS, MAP_READ | MAP_UNCACHED, &mapped) != OK)
        attack_error("frame", ERR_CAPABILITY);
    return mapped.address;
}

/* The first byte after the window. It comes last, so nothing of ours lies
 * there. */
static volatile uint32_t *window_end(struct driver *kit)
{
    size_t bytes = 0;
    mmio_t window = driver_map_window(kit, 0, &bytes);

    if (window == NULL)
        attack_error("window", ERR_CAPABILITY);
    say("inside %#x", mmio_read32(window, 0));
    return (volatile uint32_t *)(volatile void *)(window + bytes);
}

int main(void)
{
    volatile uint32_t *beyond;
    struct driver kit;
    cap_t frame;

    attack_open();
    if (driver_open(&kit, NULL) != OK)
        attack_error("open", ERR_CAPABILITY);
    say("ready");
    frame = attack_capability(kit.name);
    beyond = frame ? map_frame(frame) : window_end(&kit);
    say("beyond %#llx", (unsigned long long)(uintptr_t)beyond);
    say("done");
    say("breach: read %#x beyond the window", (unsigned)*beyond);
    clock_sleep_until(DEADLINE_NEVER);
}
