/*
 * A driver that ends with a DMA in flight and comes back (R11): the next one
 * gets the same memory at the same IOVA, and the card too, but not before it
 * was reset. The card writes 100 ms after it was told to.
 */
#include <cordon/monitor.h>

#include "tests/attack/attack.h"

#define MARK_BYTES 64

/* How often this component was started again. */
static uint32_t restarts(void)
{
    struct monitor_component c;

    for (uint32_t i = 0; monitor_component(service_find("monitor"), i, &c) == 0;
         i++)
        if (strcmp(c.name, startup->name) == 0)
            return c.restarts;
    attack_error("own number", 0);
}

int main(void)
{
    static uint8_t mark[PAGE_SIZE];
    struct card card;

    attack_open();
    card_open(&card);
    if (restarts() == 0) {
        memset(card.own.memory.address, PATTERN, PAGE_SIZE);
        card_move(card.regs, card.own.iova.v, EDU_CARD, PAGE_SIZE, 0);
        /* Once before, so that every cache knows the page. */
        card_move(card.regs, EDU_CARD, card.own.iova.v, 64, EDU_TO_MEMORY);
        card_start(card.regs, EDU_CARD, card.own.iova.v, PAGE_SIZE,
                   EDU_TO_MEMORY);
        exit(1);
    }
    say("ready");
    /* The mark alone: the rest stays as the card left it. */
    page_mark(mark, "next");
    memcpy(card.own.memory.address, mark, MARK_BYTES);
    memset(mark, 0, sizeof(mark));
    ask("located");
    clock_sleep(3 * NS_PER_S / 10);
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
