/*
 * DMA through an IOVA that was unmapped. The page is used once before, so the
 * IOTLB has it; without the flush after unmap the second DMA arrives (R4).
 * Arguments: `write`, or `protect` (made read-only in place of unmapped).
 */
#include "tests/attack/attack.h"

int main(int argc, char **argv)
{
    bool protect = argc > 1 && strcmp(argv[1], "protect") == 0;
    struct dma_memory page;
    struct card card;
    uint64_t status;

    attack_open();
    card_open(&card);
    status = dma_alloc(&card.kit, PAGE_SIZE, &page);
    if (status != OK)
        attack_error("second page", status);
    say("ready");
    card_fill(&card, PATTERN);
    card_move(card.regs, EDU_CARD, page.iova.v, 64, EDU_TO_MEMORY);
    if (((uint8_t *)page.memory.address)[63] != PATTERN)
        attack_error("the page was not reachable before", 0);
    page_mark(page.memory.address, "stale");
    if (protect)
        status =
            space_protect(card.kit.domain, page.copies, 1, MAP_READ).status;
    else
        status = space_unmap(card.kit.domain, page.copies, 1).status;
    if (status != OK)
        attack_error("unmap", status);
    ask("located");
    say("window %#llx %#llx", (unsigned long long)page.iova.v,
        (unsigned long long)(page.iova.v + PAGE_SIZE));
    card_move(card.regs, EDU_CARD, page.iova.v, PAGE_SIZE, EDU_TO_MEMORY);
    faults_say(&card);
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
