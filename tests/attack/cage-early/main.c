/*
 * Bus mastering before any grant (R1). Arguments: `card` (a rogue PCI server
 * switches the card's bus mastering on and aims it at another component's
 * frame, with no Device made: the card's buffer is empty, so zeros would
 * arrive), `wait` (nothing but time, for a device that firmware has started).
 */
#include "tests/attack/raw.h"

int main(int argc, char **argv)
{
    struct raw raw;

    attack_open();
    say("ready");
    if (argc > 1 && strcmp(argv[1], "card") == 0) {
        raw_find(&raw);
        raw_let_go(&raw);
        card_move(raw.regs, EDU_CARD, ask("target"), 64, EDU_TO_MEMORY);
    }
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
