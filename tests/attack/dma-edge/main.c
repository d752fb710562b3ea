/*
 * One byte below and one byte above what the policy lets the card reach, and a
 * transfer that begins inside and ends outside.
 */
#include "tests/attack/attack.h"

int main(void)
{
    struct card card;
    uint64_t first, end;

    attack_open();
    card_open(&card);
    first = card.own.iova.v;
    end = first + PAGE_SIZE;
    say("ready");
    card_fill(&card, PATTERN);
    say("window %#llx %#llx", (unsigned long long)first,
        (unsigned long long)end);
    card_move(card.regs, EDU_CARD, first - 1, 1, EDU_TO_MEMORY);
    card_move(card.regs, EDU_CARD, end, 1, EDU_TO_MEMORY);
    card_move(card.regs, EDU_CARD, end - 2, 4, EDU_TO_MEMORY);
    card_move(card.regs, first - 1, EDU_CARD, 1, 0);
    card_move(card.regs, end, EDU_CARD, 1, 0);
    faults_say(&card);
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
