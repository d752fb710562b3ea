/*
 * A rule is a register with the bits that may change and the bits that a write
 * of 1 clears. All other bits must be written as they are. What has no rule is
 * refused, and the registers that people ask for get a reason of their own.
 */
#include "servers/pci/filter.h"

struct rule {
    uint32_t offset, width;
    uint32_t change; /* may be set and cleared */
    uint32_t clear;  /* write 1 to clear */
    uint32_t ignore; /* read-only: whatever is written there */
};

/* PCIe 7.5.3.4: relaxed ordering, no snoop, largest read request. Payload size
 * is not there: one above the link's would make errors for the whole bus. */
#define CONTROL_CHANGE 0x7810u

static bool rule_find(const struct node *n, uint32_t offset, uint32_t width,
                      struct rule *out)
{
    const struct rule rules[] = {
        {CONFIG_CACHE_LINE, 1, 0xff, 0, 0},
        {CONFIG_LATENCY, 1, 0xff, 0, 0},
        {CONFIG_STATUS, 2, 0, 0xf900, 0x06ff},
        {n->express + EXPRESS_CONTROL, 2, CONTROL_CHANGE, 0, 0},
        {n->express + EXPRESS_STATUS, 2, 0, 0x000f, 0xfff0},
    };
    uint32_t count = n->express == 0 ? 3 : 5;

    for (uint32_t i = 0; i < count; i++)
        if (rules[i].offset == offset && rules[i].width == width) {
            *out = rules[i];
            return true;
        }
    return false;
}

bool filter_is_access(uint32_t offset, uint32_t width)
{
    return (width == 1 || width == 2 || width == 4) && offset < CONFIG_BYTES &&
           (offset & (width - 1)) == 0;
}

static const char *refusal(const struct node *n, uint32_t offset)
{
    if (offset >= CONFIG_COMMAND && offset < CONFIG_STATUS)
        return "the command register is the PCI server's: decode and bus "
               "mastering follow the claim";
    if (offset >= CONFIG_BAR0 && offset < CONFIG_BAR0 + 4 * PCI_BARS)
        return "a BAR's address is fixed: the window was granted for it";
    if (n->msix != 0 && offset >= n->msix && offset < n->msix + 12u)
        return "MSI-X is set up by init and the PCI server";
    if (n->msi != 0 && offset >= n->msi && offset < n->msi + 24u)
        return "MSI is set up by init and the PCI server";
    if (n->express != 0 && offset == n->express + EXPRESS_CONTROL)
        return "of device control only read-request size, relaxed ordering and "
               "no-snoop may change; a reset is PCI_RESET";
    return "not on the list of harmless fields";
}

const char *filter_write(const struct node *n, uint32_t offset, uint32_t width,
                         uint32_t current, uint32_t value)
{
    struct rule r;

    if (!filter_is_access(offset, width))
        return "offset or width is not one of an aligned access below 4096";
    /* The power state may only become D0: nothing sleeps on its own. */
    if (n->pm != 0 && offset == n->pm + 4u && width == 2)
        return (value & ~3u) == (current & ~0x8003u) && (value & 3) == 0
                   ? NULL
                   : "the power state may only be set to D0";
#ifndef MUTATION_no_config_filter
    if (!rule_find(n, offset, width, &r) ||
        ((value ^ current) & ~(r.change | r.clear | r.ignore)) != 0)
        return refusal(n, offset);
#endif
    return NULL;
}
