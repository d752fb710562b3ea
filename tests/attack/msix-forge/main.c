/*
 * Forged MSI-X (R5): a driver writes its card's own table, as it may, with what
 * is not its own, and lets the card raise the vector. First its own, to see
 * that it arrives. Arguments: `index` (every one of the table), `beyond` (some
 * that the table does not have), `compat` (no index but a CPU and a vector).
 */
#include <cordon/pci.h>

#include "tests/attack/attack.h"

/* QEMU's igb, an Intel 82576 (its data sheet, 8.8): vector 0 of MSI-X. */
#define IGB_CONTROL_EXT  0x0018
#define IGB_GPIE         0x1514
#define GPIE_MSIX        0x10u
#define IGB_CAUSE_SET    0x1520 /* EICS */
#define IGB_MASK_SET     0x1524 /* EIMS */
#define IGB_AUTO_CLEAR   0x152c /* EIAC */
#define IGB_CAUSE        0x1580 /* EICR */
#define IGB_TABLE_WINDOW 3

/* An entry of the table (PCI 3.0, 6.8.2.6). */
#define ENTRY_ADDRESS 0
#define ENTRY_HIGH    4
#define ENTRY_DATA    8
#define ENTRY_CONTROL 12

#define INDICES 4096u /* of the remapping table */

struct forger {
    struct driver kit;
    mmio_t regs, table;
};

static void forger_open(struct forger *f)
{
    uint64_t status = driver_open(&f->kit, NULL);

    if (status != OK)
        attack_error("open", status);
    f->regs = driver_map_window(&f->kit, 0, NULL);
    f->table = driver_map_window(&f->kit, IGB_TABLE_WINDOW, NULL);
    if (f->regs == NULL || f->table == NULL)
        attack_error("window", ERR_CAPABILITY);
    mmio_write32(f->regs, IGB_GPIE, GPIE_MSIX);
    mmio_write32(f->regs, IGB_AUTO_CLEAR, 1);
    mmio_write32(f->regs, IGB_MASK_SET, 1);
}

static void raise(struct forger *f, uint64_t address, uint64_t data)
{
    mmio_write32(f->table, ENTRY_ADDRESS, (uint32_t)address);
    mmio_write32(f->table, ENTRY_HIGH, (uint32_t)(address >> 32));
    mmio_write32(f->table, ENTRY_DATA, (uint32_t)data);
    mmio_write32(f->table, ENTRY_CONTROL, 0);
    mmio_write32(f->regs, IGB_CAUSE_SET, 1);
    mmio_write32(f->regs, IGB_CAUSE, ~0u);
    mmio_write32(f->regs, IGB_MASK_SET, 1);
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
            raise(f, address_of(i), 0);
}

static void raise_beyond(struct forger *f)
{
    for (uint64_t i = INDICES; i <= 0xffff; i = 2 * i + 1)
        raise(f, address_of(i), 0);
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
    raise(&f, address, data);
    if (driver_wait(&f.kit, clock_after(NS_PER_S)) == 0)
        attack_error("the card's own interrupt did not arrive", 0);
    ask("located");
    if (strcmp(what, "compat") == 0)
        raise(&f, 0xfee00000, COMPAT_VECTOR);
    else if (strcmp(what, "beyond") == 0)
        raise_beyond(&f);
    else
        raise_all(&f, address);
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
