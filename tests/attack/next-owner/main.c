/*
 * A driver that ends with a DMA in flight and comes back (R11): the next one
 * gets the same memory at the same IOVA, and the card too, but not before it
 * was reset. The card writes 100 ms after it was told to.
 */
#include "tests/attack/self.h"

#define MARK_BYTES 64

int main(void)
{
    static uint8_t mark[PAGE_SIZE];
    struct card card;

    attack_open();
    card_open(&card);
    if (self_restarts() == 0) {
        memset(card.own.memory.address, PATTERN, PAGE_SIZE);
        card_move(card.regs, card.own.iova.v, EDU_CARD, PAGE_SIZE, 0);
        /* Once before, so that every cache knows the page. */
        card_move(card.regs, EDU_CARD, card.own.iova.v, 64, EDU_TO_MEMORY);
        /* Behind the mark, which the runner looks for. */
        card_start(card.regs, EDU_CARD, card.own.iova.v + MARK_BYTES,
                   PAGE_SIZE - MARK_BYTES, EDU_TO_MEMORY);
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
