/*
 * Registers beyond the window: by the capability, which must refuse, and by
 * address, which must be the end of this component.
 */
#include "tests/attack/attack.h"

/* Frames past the window's end out of its own capability. */
static void attack_capability(struct card *card)
{
    const struct startup_cap *window =
        startup_find(STARTUP_WINDOW, card->kit.name, 0);
    uint64_t size = untyped_info(window->slot).r[1];
    cap_t slot = slot_alloc();

    for (uint64_t offset = size; offset < 1ull << 40; offset <<= 1) {
        uint64_t status = untyped_retype(window->slot, CAP_FRAME, PAGE_BITS, 1,
                                         0, slot, offset)
                              .status;

        if (status == OK)
            say("breach: a frame at offset %#llx of %#llx",
                (unsigned long long)offset, (unsigned long long)size);
    }
}

int main(void)
{
    volatile uint32_t *beyond;
    struct card card;
    size_t bytes = 0;

    attack_open();
    if (driver_open(&card.kit, NULL) != OK)
        attack_error("open", ERR_CAPABILITY);
    /* The window comes last, so nothing of ours lies behind it. */
    card.regs = driver_map_window(&card.kit, 0, &bytes);
    if (card.regs == NULL)
        attack_error("window", ERR_CAPABILITY);
    say("ready");
    attack_capability(&card);
    beyond = (volatile uint32_t *)(volatile void *)(card.regs + bytes);
    say("inside %#x, now beyond", mmio_read32(card.regs, 0));
    say("done");
    say("breach: read %#x beyond the window", (unsigned)*beyond);
    clock_sleep_until(DEADLINE_NEVER);
}
