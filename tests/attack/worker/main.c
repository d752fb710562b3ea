/*
 * Not an attack: a component that works all the time and keeps score in a page
 * of its own, which the witness finds in a dump by its mark. One count for each
 * slice of time since it began. If it has a device, its work is to ask the PCI
 * server something every millisecond, else to count.
 */
#include <cordon/cordon.h>
#include <cordon/driver.h>
#include <cordon/pci.h>
#include <string.h>

#include "tests/attack/score.h"

static struct driver card;

static void work(void)
{
    uint32_t id;

    if (card.pci == 0) {
        for (volatile unsigned i = 0; i < 500; i++)
            ;
        return;
    }
    pci_read(card.pci, 0, 4, &id);
    clock_sleep(NS_PER_MS);
}

int main(void)
{
    struct score *score;
    struct memory page;

    if (memory_alloc(PAGE_SIZE, &page) != OK)
        return 1;
    driver_open(&card, NULL);
    score = page.address;
    score->begun = clock_now();
    score->slice = SCORE_SLICE;
    memcpy(score->mark, "CORDON-ATTACK", 13);
    memcpy(score->mark + 13, "-PAGE:worker\0\x5c", 14);
    for (;;) {
        uint64_t slice;

        work();
        slice = (clock_now() - score->begun) / SCORE_SLICE;
        if (slice < SCORE_SLICES)
            score->counts[slice]++;
    }
}
