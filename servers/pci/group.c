/*
 * Two functions share a group when
 *   - they sit behind one bridge to conventional PCI: their requests carry the
 *     bridge's requester ID (PCIe to PCI Bridge 1.0, 2.3: secondary bus, 0.0;
 *     a conventional bridge's own ID when it is a root bus device);
 *   - they are functions of one device that does not isolate them by ACS: a
 *     request between them never reaches the IOMMU (PCIe 6.12.1.2);
 *   - a port above one of them has no ACS: requests turn around there
 *     (PCIe 6.12.1.1), so all below belong together with the port.
 * "Share" is transitive; sets are merged by union-find on node numbers.
 */
#include "servers/pci/group.h"

static uint32_t root_of(struct tree *t, uint32_t i)
{
    while (t->nodes[i].group != i) {
        t->nodes[i].group = t->nodes[t->nodes[i].group].group;
        i = t->nodes[i].group;
    }
    return i;
}

/* The smaller number leads, so a group's leader is its first member. */
static void merge(struct tree *t, uint32_t a, uint32_t b)
{
    a = root_of(t, a);
    b = root_of(t, b);
    if (a < b)
        t->nodes[b].group = a;
    else
        t->nodes[a].group = b;
}

static bool leads_to_conventional(const struct node *bridge)
{
    return bridge->express == 0 || bridge->port_type == EXPRESS_TO_PCI;
}

static bool is_port(const struct node *bridge)
{
    return bridge->port_type == EXPRESS_ROOT_PORT ||
           bridge->port_type == EXPRESS_DOWNSTREAM;
}

/* The requester ID that comes out of a bridge to conventional PCI. */
static uint32_t alias_below(const struct node *bridge)
{
    /* Below another such bridge: the upper one's. */
    if (bridge->requester != bridge->address)
        return bridge->requester;
    if (bridge->express == 0)
        return bridge->address;
    return PCI_ADDRESS(PCI_SEGMENT(bridge->address), bridge->secondary, 0, 0);
}

/* Do requests turn around above this function, before the IOMMU? */
static bool turns_around(const struct node *n, const struct node *parent)
{
    if (leads_to_conventional(parent))
        return true;
    if (is_port(parent))
        return !parent->acs_isolates;
    /* A switch: between its downstream ports. */
    return n->port_type == EXPRESS_DOWNSTREAM && !n->acs_isolates;
}

static void merge_with_parent(struct tree *t, uint32_t i)
{
    struct node *n = &t->nodes[i];
    const struct node *parent;

    if (n->parent == NO_NODE)
        return;
    parent = &t->nodes[n->parent];
    if (leads_to_conventional(parent))
        n->requester = alias_below(parent);
    if (turns_around(n, parent))
        merge(t, i, n->parent);
}

static void merge_functions(struct tree *t, uint32_t i)
{
    struct node *n = &t->nodes[i];

    if (!n->multi || n->acs_isolates)
        return;
    for (uint32_t j = 0; j < t->count; j++)
        if (j != i && t->nodes[j].address >> 3 == n->address >> 3)
            merge(t, i, j);
}

void group_form(struct tree *t)
{
    for (uint32_t i = 0; i < t->count; i++)
        t->nodes[i].group = i;
    for (uint32_t i = 0; i < t->count; i++) {
        merge_with_parent(t, i);
        merge_functions(t, i);
    }
    t->groups = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        t->nodes[i].group = root_of(t, i);
        t->groups += t->nodes[i].group == i;
    }
}

void group_enforce(const struct config_space *c, const struct tree *t)
{
    for (uint32_t i = 0; i < t->count; i++) {
        const struct node *n = &t->nodes[i];
        uint32_t control;

        if (!n->acs_isolates)
            continue;
        control = config_read(c, n->address, n->acs + ACS_CONTROL, 2);
        config_write(c, n->address, n->acs + ACS_CONTROL, 2,
                     control | ACS_ISOLATES);
    }
}
