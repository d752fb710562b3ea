/*
 * Forged MSIs (R5): the card's MSI registers get what is not its own. First
 * its own, to see that it would arrive. Arguments: `index` (of an Interrupt
 * that belongs to another requester ID), `absent` (of none), `beyond` (the
 * table), `compat` (no index but a CPU and a vector); then perhaps `write` (the
 * same as a plain DMA write).
 */
#include "tests/attack/raw.h"

#define NO_INDEX     4000    /* in the table, and nobody has as many */
#define BEYOND_INDEX 0xffffu /* the table has 4096 entries */

static uint64_t msi_find(const struct raw *raw)
{
    uint64_t at = mmio_read8(raw->config, CONFIG_CAPS);

    while (at != 0 && mmio_read8(raw->config, at) != CAP_ID_MSI)
        at = mmio_read8(raw->config, at + 1);
    if (at == 0)
        attack_error("the card has no MSI", 0);
    return at;
}

struct line {
    cap_t events;
    uint64_t address, data, index;
};

/* An Interrupt of `device`, delivered to a notification of its own. */
static struct line line_make(cap_t device)
{
    struct line line;
    cap_t interrupt = slot_alloc();
    uint64_t status;
    struct result r =
        device_interrupt(device, memory_source(), 0, interrupt, 0, 1000);

    raw_must("interrupt", r.status);
    line.address = r.r[0];
    line.data = r.r[1];
    line.events = object_make(CAP_NOTIFICATION, 0, &status);
    raw_must("notification", line.events ? OK : status);
    raw_must("bind", interrupt_bind(interrupt, line.events).status);
    line.index = interrupt_info(interrupt).r[2];
    return line;
}

static void msi_program(const struct raw *raw, const struct line *line)
{
    uint64_t at = msi_find(raw);

    mmio_write32(raw->config, at + MSI_ADDRESS, (uint32_t)line->address);
    mmio_write32(raw->config, at + MSI_ADDRESS + 4,
                 (uint32_t)(line->address >> 32));
    mmio_write32(raw->config, at + MSI_DATA, (uint32_t)line->data);
    mmio_write16(raw->config, at + MSI_CONTROL,
                 mmio_read16(raw->config, at + MSI_CONTROL) | 1);
}

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
    return line_make(raw_mint(raw, OTHER_FUNCTION));
}

int main(int argc, char **argv)
{
    struct line own, forged;
    struct raw raw;

    attack_open();
    raw_open(&raw);
    own = line_make(raw.device);
    forged = line_of(argc > 1 ? argv[1] : "index", &raw);
    say("ready");
    msi_program(&raw, &own);
    raise(&raw);
    if (!arrives(&own))
        attack_error("the card's own interrupt did not arrive", 0);
    say("index %#llx", (unsigned long long)forged.index);
    msi_program(&raw, &forged);
    if (argc > 2)
        raise_as_write(&raw, &forged);
    else
        raise(&raw);
    if (forged.events != 0 && arrives(&forged))
        say("breach: an interrupt of another device arrived");
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
