/*
 * Registers beyond the window: by the capability, which must refuse, and by
 * address, which must be the end of this component.
 */
#include "tests/attack/attack.h"

/* Frames past the window's end out of its own capability, nothing of which is
 * in use yet: at its end, across it, far beyond, and round the end of 64 bits.
 */
static void attack_capability(const char *device)
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
    cap_t slot = slot_alloc_run(512);

    for (unsigned i = 0; i < sizeof(tries) / sizeof(*tries); i++)
        if (untyped_retype(window, CAP_FRAME, tries[i].bits, tries[i].count, 0,
                           slot, tries[i].offset)
                .status == OK)
            say("breach: %llu frames at offset %#llx of %#llx",
                (unsigned long long)tries[i].count,
                (unsigned long long)tries[i].offset, (unsigned long long)size);
    slot_free_run(slot, 512);
}

int main(void)
{
    volatile uint32_t *beyond;
    struct card card;
    size_t bytes = 0;

    attack_open();
    if (driver_open(&card.kit, NULL) != OK)
        attack_error("open", ERR_CAPABILITY);
    say("ready");
    attack_capability(card.kit.name);
    /* The window comes last, so nothing of ours lies behind it. */
    card.regs = driver_map_window(&card.kit, 0, &bytes);
    if (card.regs == NULL)
        attack_error("window", ERR_CAPABILITY);
    beyond = (volatile uint32_t *)(volatile void *)(card.regs + bytes);
    say("inside %#x, now beyond", mmio_read32(card.regs, 0));
    say("done");
    say("breach: read %#x beyond the window", (unsigned)*beyond);
    clock_sleep_until(DEADLINE_NEVER);
}
