/*
 * Every memory BAR is compared with every other; a machine has a few dozen.
 */
#include "servers/pci/share.h"

#include "servers/pci/bar.h"

static bool overlap(const struct pci_bar *a, const struct pci_bar *b)
{
    return bar_first_page(a) < bar_first_page(b) + bar_page_bytes(b) &&
           bar_first_page(b) < bar_first_page(a) + bar_page_bytes(a);
}

const struct node *share_find(const struct tree *t, const struct node *n,
                              uint32_t bar)
{
    const struct pci_bar *mine = &n->bars[bar];

    for (uint32_t i = 0; i < t->count; i++)
        for (uint32_t b = 0; b < PCI_BARS; b++) {
            const struct pci_bar *other = &t->nodes[i].bars[b];

            if (other != mine && bar_is_memory(other) && overlap(mine, other))
                return &t->nodes[i];
        }
    return NULL;
}

void share_mark(struct tree *t)
{
    for (uint32_t i = 0; i < t->count; i++)
        for (uint32_t b = 0; b < PCI_BARS; b++)
            if (bar_is_memory(&t->nodes[i].bars[b]) &&
                share_find(t, &t->nodes[i], b) != NULL)
                t->nodes[i].bars[b].flags |= PCI_BAR_SHARED;
}

uint32_t share_sort(const struct tree *t,
                    struct bar_ref refs[NODES_MAX * PCI_BARS])
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < t->count; i++)
        for (uint32_t b = 0; b < PCI_BARS; b++) {
            const struct pci_bar *bar = &t->nodes[i].bars[b];
            uint32_t at = count;

            if (!bar_is_memory(bar))
                continue;
            for (; at > 0; at--) {
                const struct bar_ref *r = &refs[at - 1];

                if (t->nodes[r->node].bars[r->bar].base <= bar->base)
                    break;
                refs[at] = *r;
            }
            refs[at] = (struct bar_ref){(uint16_t)i, (uint16_t)b};
            count++;
        }
    return count;
}
