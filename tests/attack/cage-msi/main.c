/*
 * An MSI with another device's remapping index (R5): the card's MSI registers
 * get the address and data of an Interrupt that belongs to another requester
 * ID. First its own index, to see that it would arrive. Arguments: `msi`, or
 * `write` (the same address as a plain DMA write).
 */
#include "tests/attack/raw.h"

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

static bool arrives(const struct raw *raw, const struct line *line)
{
    uint64_t status;

    mmio_write32(raw->regs, EDU_IRQ_RAISE, 1);
    status = notification_wait(line->events, clock_after(NS_PER_S / 2)).status;
    mmio_write32(raw->regs, EDU_IRQ_ACK, 1);
    return status == OK;
}

/* The same message as a DMA write of the card. */
static bool arrives_as_write(struct raw *raw, const struct line *line)
{
    uint32_t data = (uint32_t)line->data;

    memcpy(raw->page.address, &data, sizeof(data));
    card_move(raw->regs, raw->iova, EDU_CARD, sizeof(data), 0);
    card_move(raw->regs, EDU_CARD, line->address, sizeof(data), EDU_TO_MEMORY);
    return notification_wait(line->events, clock_after(NS_PER_S / 2)).status ==
           OK;
}

int main(int argc, char **argv)
{
    bool as_write = argc > 1 && strcmp(argv[1], "write") == 0;
    struct line own, other;
    struct raw raw;
    bool arrived;

    attack_open();
    raw_open(&raw);
    own = line_make(raw.device);
    other = line_make(raw_mint(&raw, OTHER_FUNCTION));
    say("ready");
    msi_program(&raw, &own);
    if (!arrives(&raw, &own))
        attack_error("the card's own interrupt did not arrive", 0);
    say("index %#llx", (unsigned long long)other.index);
    msi_program(&raw, &other);
    arrived = as_write ? arrives_as_write(&raw, &other) : arrives(&raw, &other);
    if (arrived)
        say("breach: an interrupt of another device arrived");
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
