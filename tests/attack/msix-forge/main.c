/*
 * Forged MSI-X (R5): a driver writes its card's own table, as it may, with what
 * is not its own, and lets the card raise the vector. First its own, to see
 * that it arrives. Arguments: `index` (every one of the table), `beyond` (some
 * that the table does not have), `compat` (no index but a CPU and a vector).
 */
#include <cordon/pci.h>

#include "tests/attack/igb.h"

#define INDICES 4096u /* of the remapping table */

struct forger {
    struct driver kit;
    struct igb card;
};

static void forger_open(struct forger *f)
{
    uint64_t status = driver_open(&f->kit, NULL);

    if (status != OK)
        attack_error("open", status);
    f->card.regs = driver_map_window(&f->kit, 0, NULL);
    f->card.table = driver_map_window(&f->kit, IGB_TABLE_WINDOW, NULL);
    if (f->card.regs == NULL || f->card.table == NULL)
        attack_error("window", ERR_CAPABILITY);
    igb_ready(&f->card);
}

/* An MSI address in remappable format with the index (VT-d 4.1, 5.1.2.2). */
static uint64_t address_of(uint64_t index)
{
    return 0xfee00010 | (index & 0x7fff) << 5 | (index >> 15) << 2;
}

static void raise_all(struct forger *f, uint64_t own)
{
    for (uint64_t i = 0; i < INDICES; i++)
        if (address_of(i) != own)
            igb_raise(&f->card, address_of(i), 0);
}

static void raise_beyond(struct forger *f)
{
    for (uint64_t i = INDICES; i <= 0xffff; i = 2 * i + 1)
        igb_raise(&f->card, address_of(i), 0);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "index";
    uint64_t address, data;
    struct forger f;

    attack_open();
    forger_open(&f);
    if (pci_vector(f.kit.pci, 0, &address, &data) != 0)
        attack_error("own vector", 0);
    say("ready");
    igb_raise(&f.card, address, data);
    if (driver_wait(&f.kit, clock_after(NS_PER_S)) == 0)
        attack_error("the card's own interrupt did not arrive", 0);
    ask("located");
    if (strcmp(what, "compat") == 0)
        igb_raise(&f.card, 0xfee00000, COMPAT_VECTOR);
    else if (strcmp(what, "beyond") == 0)
        raise_beyond(&f);
    else
        raise_all(&f, address);
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
