/*
 * Base address registers: how large each is and where firmware put it.
 */
#pragma once

#include "servers/pci/node.h"

/*
 * Fills n->bars. Decoding is off while a register is sized (PCI 6.2.5.1) and
 * every register has its old value afterwards. A memory BAR without a usable
 * address is marked PCI_BAR_ABSENT; I/O BARs are listed and never granted.
 */
void bar_size_all(const struct config_space *c, struct node *n);

/* Writes the addresses in n->bars back, after a reset cleared them. */
void bar_restore(const struct config_space *c, const struct node *n);

/* Whole pages that the memory BAR touches. */
static inline uint64_t bar_first_page(const struct pci_bar *b)
{
    return b->base & ~0xfffull;
}

static inline uint64_t bar_page_bytes(const struct pci_bar *b)
{
    return ((b->base & 0xfff) + b->size + 0xfff) & ~0xfffull;
}

/* A memory BAR that has an address. */
static inline bool bar_is_memory(const struct pci_bar *b)
{
    return (b->flags & (PCI_BAR_MEMORY | PCI_BAR_ABSENT)) == PCI_BAR_MEMORY;
}
