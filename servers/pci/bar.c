/*
 * Sizing: write all ones, read back which bits stick, restore. The low bits say
 * what kind of register it is; a 64-bit one takes two (PCI 6.2.5.1).
 */
#include "servers/pci/bar.h"

#define BAR_IO       0x1u
#define BAR_TYPE     0x6u
#define BAR_TYPE_64  0x4u
#define BAR_PREFETCH 0x8u

static uint32_t bar_count(const struct node *n)
{
    return n->header == 0 ? 6 : n->header == 1 ? 2 : 0;
}

/* Which bits of one register can be set. */
static uint32_t probe(const struct config_space *c, const struct node *n,
                      uint32_t at)
{
    uint32_t old = config_read(c, n->address, at, 4);
    uint32_t bits;

    config_write(c, n->address, at, 4, 0xffffffffu);
    bits = config_read(c, n->address, at, 4);
    config_write(c, n->address, at, 4, old);
    return bits;
}

static void size_io(struct pci_bar *b, uint32_t value, uint32_t bits)
{
    uint32_t mask = bits & ~3u;

    /* The upper half may be hard-wired to zero. */
    if ((mask & 0xffff0000u) == 0)
        mask |= 0xffff0000u;
    b->flags = PCI_BAR_IO;
    b->base = value & ~3u;
    b->size = (uint32_t)(~mask + 1);
}

static void size_memory(struct pci_bar *b, uint64_t value, uint64_t bits,
                        bool wide)
{
    uint64_t mask = bits & ~0xfull;

    if (!wide)
        mask |= 0xffffffff00000000ull;
    b->flags = PCI_BAR_MEMORY | (wide ? PCI_BAR_64 : 0u) |
               ((value & BAR_PREFETCH) != 0 ? PCI_BAR_PREFETCH : 0u);
    b->base = value & ~0xfull;
    b->size = ~mask + 1;
    /* A hole in the mask is no size; nor is an address off its alignment. */
    if ((b->size & (b->size - 1)) != 0 || b->base == 0 ||
        (b->base & (b->size - 1)) != 0 || b->base + b->size < b->base)
        b->flags |= PCI_BAR_ABSENT;
}

/* Sizes register `i`; returns how many registers it takes. */
static uint32_t size_one(const struct config_space *c, struct node *n,
                         uint32_t i, uint32_t count)
{
    uint32_t at = CONFIG_BAR0 + 4 * i;
    uint64_t value = config_read(c, n->address, at, 4);
    uint64_t bits = probe(c, n, at);
    bool wide = (value & (BAR_IO | BAR_TYPE)) == BAR_TYPE_64;

    if (bits == 0 || bits == 0xffffffffu)
        return 1;
    if ((value & BAR_IO) != 0) {
        size_io(&n->bars[i], (uint32_t)value, (uint32_t)bits);
        return 1;
    }
    if (wide && i + 1 < count) {
        value |= (uint64_t)config_read(c, n->address, at + 4, 4) << 32;
        bits |= (uint64_t)probe(c, n, at + 4) << 32;
    }
    if ((bits & ~0xfull) != 0)
        size_memory(&n->bars[i], value, bits, wide && i + 1 < count);
    return wide ? 2 : 1;
}

void bar_size_all(const struct config_space *c, struct node *n)
{
    uint32_t count = bar_count(n);
    uint32_t command = config_read(c, n->address, CONFIG_COMMAND, 2);

    config_write(c, n->address, CONFIG_COMMAND, 2,
                 command & ~(COMMAND_IO | COMMAND_MEMORY));
    for (uint32_t i = 0; i < count;)
        i += size_one(c, n, i, count);
    config_write(c, n->address, CONFIG_COMMAND, 2, command);
}

void bar_restore(const struct config_space *c, const struct node *n)
{
    for (uint32_t i = 0; i < bar_count(n); i++) {
        const struct pci_bar *b = &n->bars[i];
        uint32_t at = CONFIG_BAR0 + 4 * i;

        if ((b->flags & (PCI_BAR_MEMORY | PCI_BAR_IO)) == 0)
            continue;
        config_write(c, n->address, at, 4, (uint32_t)b->base);
        if ((b->flags & PCI_BAR_64) != 0)
            config_write(c, n->address, at + 4, 4, (uint32_t)(b->base >> 32));
    }
}
