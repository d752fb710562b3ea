/*
 * What page tables must never hold (R12): memory that is writable and
 * executable, and in a Domain what was taken out of it. The program leaves the
 * tables as it got them; the witness reads them. Arguments: `execute`, or
 * `unmap`.
 */
#include "tests/attack/attack.h"

static cap_t another(const struct memory *page)
{
    cap_t copy = cap_copy(page->frames, RIGHTS_ALL, 0, NULL);

    if (copy == 0)
        attack_error("copy", ERR_LIMIT);
    return copy;
}

/* Writable and executable at once: by one call, for one page and for two, by a
 * change of rights, and for a device's registers. */
static void attack_execute(struct card *card)
{
    const unsigned wanted[] = {MAP_WRITE | MAP_EXEC,
                               MAP_READ | MAP_WRITE | MAP_EXEC, MAP_ALL};
    struct memory page;

    if (memory_alloc(PAGE_SIZE, &page) != OK)
        attack_error("memory", ERR_NO_MEMORY);
    for (unsigned i = 0; i < 3; i++) {
        uintptr_t address = address_alloc(PAGE_SIZE, PAGE_SIZE);

        if (memory_map_at(STARTUP_SPACE, another(&page), 1, address, PAGE_BITS,
                          wanted[i]) == OK)
            say("breach: mapped with attributes %#x", wanted[i]);
        if (space_protect(STARTUP_SPACE, page.frames, 1, wanted[i]).status ==
            OK)
            say("breach: changed to attributes %#x", wanted[i]);
        if (space_protect(STARTUP_SPACE, card->own.memory.frames, 1, wanted[i])
                .status == OK)
            say("breach: the card's memory, changed to attributes %#x",
                wanted[i]);
    }
}

/* More than the policy's `dma` passes through the Domain and goes again. */
static void attack_unmap(struct card *card)
{
    struct memory page;

    for (unsigned i = 0; i < 64; i++) {
        struct dma_loan loan;
        cap_t copy;

        if (memory_alloc(PAGE_SIZE, &page) != OK)
            attack_error("memory", ERR_NO_MEMORY);
        copy = another(&page);
        if (dma_lend(&card->kit, copy, 1, PAGE_BITS, MAP_READ | MAP_WRITE,
                     &loan) != OK)
            attack_error("lend", ERR_LIMIT);
        /* Each at an IOVA of its own: dma_return() would use one again. */
        if (space_unmap(card->kit.domain, copy, 1).status != OK)
            attack_error("unmap", ERR_BUSY);
        cap_delete(copy);
    }
}

int main(int argc, char **argv)
{
    struct card card;

    attack_open();
    card_open(&card);
    say("ready");
    if (argc > 1 && strcmp(argv[1], "execute") == 0)
        attack_execute(&card);
    else
        attack_unmap(&card);
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
