/*
 * MSI-X of QEMU's igb, an Intel 82576 (its data sheet, 8.8), in the hands of
 * who forges its messages: vector 0, raised by software.
 */
#pragma once

#include "tests/attack/attack.h"

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

struct igb {
    mmio_t regs, table;
};

static void igb_ready(const struct igb *card)
{
    mmio_write32(card->regs, IGB_GPIE, GPIE_MSIX);
    mmio_write32(card->regs, IGB_AUTO_CLEAR, 1);
    mmio_write32(card->regs, IGB_MASK_SET, 1);
}

/* Has the card send this message. */
static void igb_raise(const struct igb *card, uint64_t address, uint64_t data)
{
    mmio_write32(card->table, ENTRY_ADDRESS, (uint32_t)address);
    mmio_write32(card->table, ENTRY_HIGH, (uint32_t)(address >> 32));
    mmio_write32(card->table, ENTRY_DATA, (uint32_t)data);
    mmio_write32(card->table, ENTRY_CONTROL, 0);
    mmio_write32(card->regs, IGB_CAUSE_SET, 1);
    mmio_write32(card->regs, IGB_CAUSE, ~0u);
    mmio_write32(card->regs, IGB_MASK_SET, 1);
}
