/*
 * DMA to an address that the runner names: kernel text, another component's
 * frame. Arguments: `read` or `write`.
 */
#include "tests/attack/attack.h"

static void attack_write(struct card *card, uint64_t target)
{
    card_fill(card, PATTERN);
    card_move(card->regs, EDU_CARD, target, 64, EDU_TO_MEMORY);
}

/* What the card read goes to our own memory, to be shown. */
static void attack_read(struct card *card, uint64_t target)
{
    char text[3 * 16 + 1];

    card_fill(card, 0);
    card_move(card->regs, target, EDU_CARD, 64, 0);
    card_move(card->regs, EDU_CARD, card->own.iova.v, 64, EDU_TO_MEMORY);
    for (unsigned i = 0; i < 16; i++)
        snprintf(text + 2 * i, 3, "%02x",
                 ((uint8_t *)card->own.memory.address)[i]);
    say("read %s", text);
}

int main(int argc, char **argv)
{
    struct card card;
    uint64_t target;

    attack_open();
    card_open(&card);
    say("ready");
    target = ask("target");
    if (argc > 1 && strcmp(argv[1], "write") == 0)
        attack_write(&card, target);
    else
        attack_read(&card, target);
    faults_say(&card);
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
