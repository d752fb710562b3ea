/*
 * Memory that is given back and taken again (R11): fills frames with a text,
 * revokes the Untyped that they came from, makes frames of it anew, and looks.
 */
#include "tests/attack/attack.h"

#define PAGES  32
#define ROUNDS 4

int main(void)
{
    cap_t frames = slot_alloc_run(PAGES), untyped;
    uint64_t status;
    struct memory m;

    attack_open();
    untyped = object_make(CAP_UNTYPED, PAGES * PAGE_SIZE, &status);
    if (untyped == 0 || frames == 0)
        attack_error("memory", status);
    say("ready");
    for (unsigned round = 0; round < ROUNDS; round++) {
        status =
            untyped_retype(untyped, CAP_FRAME, PAGE_BITS, PAGES, 0, frames, 0)
                .status;
        if (status == OK)
            status =
                memory_map(frames, PAGES, PAGE_BITS, MAP_READ | MAP_WRITE, &m);
        if (status != OK)
            attack_error("frames", status);
        for (unsigned i = 0; i < PAGES * PAGE_SIZE; i++)
            if (((uint8_t *)m.address)[i] != 0) {
                say("breach: byte %u in round %u", i, round);
                break;
            }
        if (round + 1 == ROUNDS)
            break;
        for (unsigned i = 0; i < PAGES; i++)
            page_mark((uint8_t *)m.address + i * PAGE_SIZE, "old");
        status = captable_revoke(STARTUP_CAPTABLE, untyped).status;
        if (status != OK)
            attack_error("revoke", status);
    }
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
