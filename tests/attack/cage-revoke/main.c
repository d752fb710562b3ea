/*
 * DMA after the Device was revoked, with the card still on the bus as a master
 * and its caches warm: only the kernel's BLOCKED is in the way (R3, R4).
 * Arguments: `device` (its Device is deleted), `domain` (its Domain is),
 * `frame` (the page's capability is revoked).
 */
#include "tests/attack/raw.h"

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "device";
    struct raw raw;

    attack_open();
    raw_open(&raw);
    say("ready");
    memset(raw.page.address, PATTERN, PAGE_SIZE);
    card_move(raw.regs, raw.iova, EDU_CARD, PAGE_SIZE, 0);
    memset(raw.page.address, 0, PAGE_SIZE);
    card_move(raw.regs, EDU_CARD, raw.iova, 64, EDU_TO_MEMORY);
    if (((uint8_t *)raw.page.address)[63] != PATTERN)
        attack_error("the page was not reachable before", 0);
    page_mark(raw.page.address, "revoked");
    if (strcmp(what, "domain") == 0)
        raw_must("revoke", cap_delete(raw.domain));
    else if (strcmp(what, "frame") == 0)
        raw_must("revoke", cap_delete(raw.copy));
    else
        raw_must("revoke", cap_delete(raw.device));
    ask("located");
    say("window %#llx %#llx", (unsigned long long)raw.iova,
        (unsigned long long)(raw.iova + PAGE_SIZE));
    card_move(raw.regs, EDU_CARD, raw.iova, PAGE_SIZE, EDU_TO_MEMORY);
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
