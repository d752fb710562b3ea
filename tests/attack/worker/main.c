/*
 * Not an attack: a component that works all the time and keeps score in a page
 * of its own, which the witness finds in a dump by its mark. One count for each
 * slice of time since it began.
 */
#include <cordon/clock.h>
#include <cordon/memory.h>
#include <string.h>

#include "tests/attack/score.h"

int main(void)
{
    struct score *score;
    struct memory page;
    volatile unsigned i;

    if (memory_alloc(PAGE_SIZE, &page) != OK)
        return 1;
    score = page.address;
    score->begun = clock_now();
    score->slice = SCORE_SLICE;
    memcpy(score->mark, "CORDON-ATTACK", 13);
    memcpy(score->mark + 13, "-PAGE:worker\0\x5c", 14);
    for (;;) {
        uint64_t slice = (clock_now() - score->begun) / SCORE_SLICE;

        for (i = 0; i < 500; i++)
            ;
        if (slice < SCORE_SLICES)
            score->counts[slice]++;
    }
}
