/*
 * A bus that a bridge leads to is noted and scanned later, in ascending order.
 * A bridge may only lead to a higher bus that nobody led to before, so a scan
 * ends even if configuration space is nonsense.
 */
#include "servers/pci/scan.h"

#include <string.h>

#include "servers/pci/bar.h"
#include "servers/pci/capability.h"

struct buses {
    uint16_t parent[256]; /* the bridge that leads there */
    bool known[256];
};

static void read_express(const struct config_space *c, struct node *n)
{
    uint32_t at = capability_find(c, n->address, CAPABILITY_EXPRESS);

    n->express = (uint16_t)at;
    if (at != 0)
        n->port_type =
            (uint8_t)((config_read(c, n->address, at + EXPRESS_FLAGS, 2) >> 4) &
                      0xf);
}

/* MSI-X (PCIe 7.7.2) has up to 2048 vectors, MSI (7.7.1) 1 to 32. We use one
 * remapping entry a vector, so MSI counts as one vector. */
static void read_interrupts(const struct config_space *c, struct node *n)
{
    n->msi = (uint16_t)capability_find(c, n->address, CAPABILITY_MSI);
    n->msix = (uint16_t)capability_find(c, n->address, CAPABILITY_MSIX);
    if (n->msi != 0)
        n->vectors = 1;
    if (n->msix != 0) {
        n->msix_table = config_read(c, n->address, n->msix + 4u, 4);
        n->vectors = (config_read(c, n->address, n->msix + 2u, 2) & 0x7ff) + 1;
    }
}

static void read_acs(const struct config_space *c, struct node *n)
{
    if (n->express == 0)
        return;
    n->acs = (uint16_t)capability_find_extended(c, n->address, EXTENDED_ACS);
    if (n->acs != 0)
        n->acs_isolates =
            (config_read(c, n->address, n->acs + ACS_CAPABILITY, 2) &
             ACS_ISOLATES) == ACS_ISOLATES;
}

static void read_function(const struct config_space *c, struct node *n)
{
    uint32_t id = config_read(c, n->address, CONFIG_ID, 4);

    n->vendor = (uint16_t)id;
    n->device = (uint16_t)(id >> 16);
    n->class_code = config_read(c, n->address, CONFIG_CLASS, 4) >> 8;
    n->header =
        (uint8_t)(config_read(c, n->address, CONFIG_HEADER, 1) & HEADER_TYPE);
    if (node_is_bridge(n))
        n->secondary = (uint8_t)config_read(c, n->address, CONFIG_SECONDARY, 1);
    read_express(c, n);
    read_interrupts(c, n);
    read_acs(c, n);
    n->pm = (uint16_t)capability_find(c, n->address, CAPABILITY_PM);
    n->af = (uint16_t)capability_find(c, n->address, CAPABILITY_AF);
    if (n->pm != 0)
        n->no_soft_reset = (config_read(c, n->address, n->pm + 4u, 2) & 8) != 0;
    n->requester = n->address;
}

static struct node *add_node(struct tree *t, uint32_t address, uint16_t parent)
{
    struct node *n;

    if (t->count == NODES_MAX) {
        t->full = true;
        return NULL;
    }
    n = &t->nodes[t->count++];
    memset(n, 0, sizeof *n);
    n->address = address;
    n->parent = parent;
    return n;
}

/* Notes the bus behind a bridge, unless it makes no sense. */
static void follow_bridge(struct tree *t, struct buses *b, struct node *n,
                          uint32_t last_bus)
{
    uint32_t to = n->secondary;

    if (to <= PCI_BUS(n->address) || to > last_bus || b->known[to])
        return;
    b->known[to] = true;
    b->parent[to] = (uint16_t)(n - t->nodes);
}

static bool scan_function(const struct config_space *c, struct tree *t,
                          struct buses *b, uint32_t address, uint32_t last_bus)
{
    uint32_t id = config_read(c, address, CONFIG_ID, 4);
    struct node *n;

    if ((id & 0xffff) == 0xffff || (id & 0xffff) == 0)
        return false;
    n = add_node(t, address, b->parent[PCI_BUS(address)]);
    if (n == NULL)
        return false;
    read_function(c, n);
    bar_size_all(c, n);
    if (node_is_bridge(n))
        follow_bridge(t, b, n, last_bus);
    return true;
}

/* Functions 1 to 7 exist only if function 0 does and says so (PCI 6.2.1). */
static void scan_device(const struct config_space *c, struct tree *t,
                        struct buses *b, uint32_t address, uint32_t last_bus)
{
    uint32_t first = t->count;

    if (!scan_function(c, t, b, address, last_bus))
        return;
    if ((config_read(c, address, CONFIG_HEADER, 1) & HEADER_MULTI) == 0)
        return;
    for (uint32_t f = 1; f < 8; f++)
        scan_function(c, t, b, address + f, last_bus);
    for (uint32_t i = first; i < t->count; i++)
        t->nodes[i].multi = t->count - first > 1;
}

void scan_segment(const struct config_space *c, struct tree *t,
                  uint32_t segment, uint32_t first_bus, uint32_t last_bus)
{
    struct buses b = {.known = {false}};

    if (last_bus > 255 || first_bus > last_bus)
        return;
    b.known[first_bus] = true;
    b.parent[first_bus] = NO_NODE;
    for (uint32_t bus = first_bus; bus <= last_bus; bus++) {
        if (!b.known[bus])
            continue;
        for (uint32_t device = 0; device < 32; device++)
            scan_device(c, t, &b, PCI_ADDRESS(segment, bus, device, 0),
                        last_bus);
    }
}

void scan_silence(const struct config_space *c, const struct node *n)
{
    uint32_t command = config_read(c, n->address, CONFIG_COMMAND, 2);

    command = (command & ~COMMAND_MASTER) | COMMAND_NO_INTX;
    /* A host or ISA bridge decodes the machine's own registers. */
    if ((n->class_code >> 16) != 0x06)
        command &= ~(COMMAND_IO | COMMAND_MEMORY);
    config_write(c, n->address, CONFIG_COMMAND, 2, command);
}
