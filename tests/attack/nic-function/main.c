/*
 * A network card of two functions, each with an interrupt of its own (R5), both
 * in the hands of a rogue PCI server: nobody forms groups. Their requester IDs
 * differ in one bit. The first function's MSI-X table gets its own message, to
 * see that it arrives, and then the second one's.
 */
#include "tests/attack/igb.h"
#include "tests/attack/msi.h"

#define FIRST  (5u << 3) /* 00:05.0, as the runner plugs it in */
#define SECOND (FIRST | 1u)

#define IGB_ID       0x10c98086u
#define CONFIG_BAR3  0x1c
#define CAP_ID_MSIX  0x11
#define MSIX_CONTROL 2
#define MSIX_ENABLE  0x8000u
#define BAR_ADDRESS  (~0xfu)

static mmio_t function_config(uint64_t requester)
{
    mmio_t config = raw_map(startup->ecam[0].base + (requester << 12));

    if (mmio_read32(config, 0) != IGB_ID)
        attack_error("no igb at 00:05", 0);
    return config;
}

static void msix_enable(mmio_t config)
{
    uint64_t at = mmio_read8(config, CONFIG_CAPS);

    while (at != 0 && mmio_read8(config, at) != CAP_ID_MSIX)
        at = mmio_read8(config, at + 1);
    if (at == 0)
        attack_error("the function has no MSI-X", 0);
    mmio_write16(config, at + MSIX_CONTROL,
                 mmio_read16(config, at + MSIX_CONTROL) | MSIX_ENABLE);
}

/* The page that has the interrupt registers, and the table's. */
static struct igb function_map(mmio_t config)
{
    uint64_t page = IGB_GPIE & ~(PAGE_SIZE - 1);
    uint64_t regs = (mmio_read32(config, CONFIG_BAR0) & BAR_ADDRESS) + page;
    uint64_t table = mmio_read32(config, CONFIG_BAR3) & BAR_ADDRESS;
    struct igb card;

    /* Untypeds are carved front to back. */
    if (table < regs)
        card.table = raw_map(table);
    card.regs = (uint8_t *)raw_map(regs) - page;
    if (table > regs)
        card.table = raw_map(table);
    return card;
}

static bool arrives(const struct line *line)
{
    return notification_wait(line->events, clock_after(NS_PER_S / 2)).status ==
           OK;
}

int main(void)
{
    const struct startup_cap *control;
    struct raw raw = {0};
    struct line own, other;
    struct igb card;
    mmio_t config;

    attack_open();
    control = startup_find(STARTUP_CONTROL, NULL, 0);
    if (control == NULL || startup->ecam_count == 0)
        attack_error("no device control", 0);
    raw.control = control->slot;
    config = function_config(FIRST);
    function_config(SECOND);
    own = line_make(raw_mint(&raw, FIRST), 0);
    other = line_make(raw_mint(&raw, SECOND), 0);
    card = function_map(config);
    mmio_write16(config, CONFIG_COMMAND, COMMAND_MEMORY | COMMAND_BUS_MASTER);
    msix_enable(config);
    igb_ready(&card);
    say("ready");
    igb_raise(&card, own.address, own.data);
    if (!arrives(&own))
        attack_error("the function's own interrupt did not arrive", 0);
    say("index %#llx", (unsigned long long)other.index);
    igb_raise(&card, other.address, other.data);
    if (arrives(&other))
        say("breach: the interrupt arrived");
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
