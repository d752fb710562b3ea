/*
 * Forged MSIs (R5): the card's MSI registers get what is not its own. First its
 * own, to see that it would arrive. Arguments: `index` (of an Interrupt that
 * belongs to another requester ID), `absent` (of none), `beyond` (the table),
 * `compat` (no index but a CPU and a vector), `blocked` or `revoked`
 * (its own, but the Device is that first, R3); then perhaps `write` (the same
 * as a plain DMA write).
 */
#include "tests/attack/msi.h"

#define NO_INDEX     4000    /* in the table, and nobody has as many */
#define BEYOND_INDEX 0xffffu /* the table has 4096 entries */

static void raise(const struct raw *raw)
{
    mmio_write32(raw->regs, EDU_IRQ_RAISE, 1);
    mmio_write32(raw->regs, EDU_IRQ_ACK, 1);
}

/* The same message as a DMA write of the card. */
static void raise_as_write(const struct raw *raw, const struct line *line)
{
    uint32_t data = (uint32_t)line->data;

    memcpy(raw->page.address, &data, sizeof(data));
    card_move(raw->regs, raw->iova, EDU_CARD, sizeof(data), 0);
    card_move(raw->regs, EDU_CARD, line->address, sizeof(data), EDU_TO_MEMORY);
}

static bool arrives(const struct line *line)
{
    return notification_wait(line->events, clock_after(NS_PER_S / 2)).status ==
           OK;
}

/* An MSI address in remappable format with the index (VT-d 4.1, 5.1.2.2). */
static struct line line_forged(uint64_t index)
{
    return (struct line){.address = 0xfee00010 | (index & 0x7fff) << 5 |
                                    (index >> 15) << 2,
                         .index = index};
}

static struct line line_of(const char *what, struct raw *raw)
{
    if (strcmp(what, "absent") == 0)
        return line_forged(NO_INDEX);
    if (strcmp(what, "beyond") == 0)
        return line_forged(BEYOND_INDEX);
    if (strcmp(what, "compat") == 0)
        return (struct line){.address = 0xfee00000, .data = COMPAT_VECTOR};
    return line_make(raw_mint(raw, OTHER_FUNCTION), 0);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "index";
    struct line own, forged;
    struct raw raw;

    attack_open();
    raw_open(&raw);
    own = line_make(raw.device, 0);
    say("ready");
    msi_program(&raw, &own);
    if (strcmp(what, "blocked") == 0) {
        forged = own;
        raw_must("block", device_block(raw.device).status);
    } else if (strcmp(what, "revoked") == 0) {
        forged = own;
        raw_must("revoke", cap_delete(raw.device));
    } else {
        forged = line_of(what, &raw);
        raise(&raw);
        if (!arrives(&own))
            attack_error("the card's own interrupt did not arrive", 0);
    }
    say("index %#llx", (unsigned long long)forged.index);
    msi_program(&raw, &forged);
    if (argc > 2)
        raise_as_write(&raw, &forged);
    else
        raise(&raw);
    if (forged.events != 0 && arrives(&forged))
        say("breach: the interrupt arrived");
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
