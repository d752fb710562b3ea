/*
 * DMA through an IOVA that was unmapped, or made read-only. The page is used
 * once before, so the IOTLB has it; without the flush the second DMA arrives
 * (R4). Arguments: `unmap` or `protect`; then perhaps `2m` (one Frame of 2 MiB)
 * or `run` (16 Frames in one operation). The page that the card aims at is the
 * last.
 */
#include "tests/attack/attack.h"

#define RUN 16

static uint64_t take_away(const char *how, struct card *card,
                          const struct dma_memory *m)
{
    if (strcmp(how, "protect") == 0)
        return space_protect(card->kit.domain, m->copies, m->memory.count,
                             MAP_READ)
            .status;
    return space_unmap(card->kit.domain, m->copies, m->memory.count).status;
}

static size_t size_of(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[2], "2m") == 0)
        return 1ul << PAGE_2M_BITS;
    return argc > 2 ? RUN * PAGE_SIZE : PAGE_SIZE;
}

int main(int argc, char **argv)
{
    size_t bytes = size_of(argc, argv);
    struct dma_memory memory;
    struct card card;
    uint64_t status, iova;
    uint8_t *page;

    attack_open();
    card_open(&card);
    status = dma_alloc(&card.kit, bytes, &memory);
    if (status != OK || memory.memory.bytes != bytes ||
        (bytes >> PAGE_2M_BITS && memory.memory.size_bits != PAGE_2M_BITS))
        attack_error("memory", status);
    iova = memory.iova.v + bytes - PAGE_SIZE;
    page = (uint8_t *)memory.memory.address + bytes - PAGE_SIZE;
    say("ready");
    card_fill(&card, PATTERN);
    card_move(card.regs, EDU_CARD, iova, 64, EDU_TO_MEMORY);
    if (page[63] != PATTERN)
        attack_error("the page was not reachable before", 0);
    page_mark(page, "stale");
    status = take_away(argc > 1 ? argv[1] : "unmap", &card, &memory);
    if (status != OK)
        attack_error("unmap", status);
    ask("located");
    say("window %#llx %#llx", (unsigned long long)iova,
        (unsigned long long)(iova + PAGE_SIZE));
    card_move(card.regs, EDU_CARD, iova, PAGE_SIZE, EDU_TO_MEMORY);
    faults_say(&card);
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
