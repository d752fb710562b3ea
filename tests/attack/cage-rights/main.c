/*
 * The right of a Frame capability is the device's as well (R2): a copy without
 * the right to write is mapped writable in the Domain, or, as that is refused,
 * for reading; then the card writes.
 */
#include "tests/attack/raw.h"

int main(void)
{
    struct raw raw;
    uint64_t status;

    attack_open();
    raw_cage(&raw);
    raw_page(&raw, RIGHT_READ);
    raw_let_go(&raw);
    say("ready");
    page_mark(raw.page.address, "lent");
    ask("located");
    status = memory_map_at(raw.domain, raw.copy, 1, raw.iova, PAGE_BITS,
                           MAP_READ | MAP_WRITE);
    say("mapping it writable: %s", status_text(status));
    if (status != OK)
        raw_must("map", memory_map_at(raw.domain, raw.copy, 1, raw.iova,
                                      PAGE_BITS, MAP_READ));
    /* Reading works: the first bytes go into the card, and then back. */
    card_move(raw.regs, raw.iova, EDU_CARD, 64, 0);
    card_move(raw.regs, EDU_CARD, raw.iova + 1024, 64, EDU_TO_MEMORY);
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
