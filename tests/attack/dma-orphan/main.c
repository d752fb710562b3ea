/*
 * A driver that dies with a DMA in flight: the card writes 100 ms after its
 * driver has gone. Arguments: `exit`, `crash` or `kill` (by init, on request).
 */
#include "tests/attack/self.h"

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "exit";
    cap_t monitor = service_find("monitor");
    struct dma_memory page;
    struct card card;
    struct monitor_component self;
    uint32_t number;

    attack_open();
    card_open(&card);
    if (dma_alloc(&card.kit, PAGE_SIZE, &page) != OK)
        attack_error("second page", 0);
    number = self_find(monitor, &self);
    say("ready");
    card_fill(&card, PATTERN);
    /* Once before, so that every cache knows the page. */
    card_move(card.regs, EDU_CARD, page.iova.v, 64, EDU_TO_MEMORY);
    page_mark(page.memory.address, "orphan");
    ask("located");
    card_start(card.regs, EDU_CARD, page.iova.v, PAGE_SIZE, EDU_TO_MEMORY);
    say("done");
    if (strcmp(way, "crash") == 0)
        __builtin_trap();
    else if (strcmp(way, "kill") == 0)
        monitor_kill(monitor, number);
    return 0;
}
