/*
 * Whatever configuration space says: enumeration ends, stays within the tree,
 * and groups and the list of BARs are well formed. Reads come from the input,
 * writes change it, so sizing and resets see a device that does what it likes.
 * Whatever a driver then asks to write, the command register, the BARs and the
 * rest of the header stay the PCI server's.
 *
 * links: servers/pci/scan.c servers/pci/bar.c servers/pci/capability.c
 * links: servers/pci/group.c servers/pci/share.c servers/pci/reset.c
 * links: servers/pci/filter.c
 */
#include <stdlib.h>
#include <string.h>

#include "servers/pci/filter.h"
#include "servers/pci/group.h"
#include "servers/pci/reset.h"
#include "servers/pci/scan.h"
#include "servers/pci/share.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* 16 functions' spaces of 512 bytes; an address picks one. */
#define SPACE 512u
static uint8_t bytes[16 * SPACE];

static uint32_t place(uint32_t address, uint32_t offset)
{
    return ((address ^ address >> 8 ^ address >> 3) & 15) * SPACE +
           (offset & (SPACE - 4));
}

static uint32_t fuzz_read(void *context, uint32_t address, uint32_t offset,
                          uint32_t width)
{
    uint32_t value = 0;

    (void)context;
    if (offset + width > CONFIG_BYTES || (offset & (width - 1)) != 0)
        abort();
    memcpy(&value, bytes + place(address, offset) + (offset & 3), width);
    return value;
}

static void fuzz_write(void *context, uint32_t address, uint32_t offset,
                       uint32_t width, uint32_t value)
{
    (void)context;
    if (offset + width > CONFIG_BYTES || (offset & (width - 1)) != 0)
        abort();
    memcpy(bytes + place(address, offset) + (offset & 3), &value, width);
}

static void fuzz_sleep(void *context, uint32_t ms)
{
    *(uint64_t *)context += ms;
}

/* The last bytes are what a driver asks for: offset, width, new value. */
#define ASKED 8u

static void driver_writes(const struct node *n, const uint8_t *asked)
{
    uint32_t offset = asked[0] | (asked[1] & 0xfu) << 8, current, value;
    uint32_t width = 1u << (asked[2] & 3);

    memcpy(&current, bytes + (offset & (SPACE - 4)), sizeof current);
    memcpy(&value, asked + 4, sizeof value);
    if (asked[3] & 1) /* little changes */
        value = current ^ (1u << (value & 31));
    if (width < 4) {
        value &= (1u << 8 * width) - 1;
        current &= (1u << 8 * width) - 1;
    }
    if (filter_write(n, offset, width, current, value) != NULL)
        return;
    if (offset + width > CONFIG_BYTES || (offset & (width - 1)) != 0)
        abort();
    if (offset < 0x40 && offset != CONFIG_CACHE_LINE &&
        offset != CONFIG_LATENCY && offset != CONFIG_STATUS)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tree tree;
    static struct bar_ref refs[NODES_MAX * PCI_BARS];
    uint64_t slept = 0;
    struct config_space space = {fuzz_read, fuzz_write, fuzz_sleep, &slept};
    char why[PCI_REASON];
    uint32_t bars;

    memset(bytes, 0, sizeof bytes);
    memcpy(bytes, data, size < sizeof bytes ? size : sizeof bytes);
    memset(&tree, 0, sizeof tree);
    scan_segment(&space, &tree, 0, 0, 3);
    if (tree.count > NODES_MAX)
        abort();
    group_form(&tree);
    group_enforce(&space, &tree);
    for (uint32_t i = 0; i < tree.count; i++)
        if (tree.nodes[i].group > i ||
            tree.nodes[tree.nodes[i].group].group != tree.nodes[i].group)
            abort();
    share_mark(&tree);
    bars = share_sort(&tree, refs);
    for (uint32_t i = 1; i < bars; i++)
        if (tree.nodes[refs[i].node].bars[refs[i].bar].base <
            tree.nodes[refs[i - 1].node].bars[refs[i - 1].bar].base)
            abort();
    if (tree.count > 0)
        reset_function(&space, &tree, &tree.nodes[0], why);
    for (uint32_t i = 0; i < tree.count && i < 4 && size >= ASKED; i++)
        driver_writes(&tree.nodes[i], data + size - ASKED);
    if (slept > 10000)
        abort();
    return 0;
}
