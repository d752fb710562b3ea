/*
 * A driver that dies with a DMA in flight: the card writes 100 ms after its
 * driver has gone. Arguments: `exit`, `crash` or `kill` (by init, on request).
 */
#include <cordon/monitor.h>

#include "tests/attack/attack.h"

/* Our number, as init counts. */
static uint32_t own_number(cap_t monitor)
{
    struct monitor_component component;
    struct monitor_system system;

    if (monitor_system(monitor, &system) != 0)
        attack_error("monitor", 0);
    for (uint32_t i = 0; i < system.components; i++)
        if (monitor_component(monitor, i, &component) == 0 &&
            strcmp(component.name, startup->name) == 0)
            return i;
    attack_error("own number", 0);
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "exit";
    cap_t monitor = service_find("monitor");
    struct dma_memory page;
    struct card card;
    uint32_t number;

    attack_open();
    card_open(&card);
    if (dma_alloc(&card.kit, PAGE_SIZE, &page) != OK)
        attack_error("second page", 0);
    number = own_number(monitor);
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
