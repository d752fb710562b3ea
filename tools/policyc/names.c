/*
 * Words for people: what a selector stands for, sizes, times.
 */
#include "output.h"

#include "value.h"

struct known {
    enum manifest_select select;
    uint32_t value;
    uint32_t mask; /* bits of the selector that have to agree */
    const char *name;
};

/* PCI Code and ID Assignment 1.11, chapter 1, for the classes. The first that
 * fits counts. */
static const struct known known[] = {
    {MANIFEST_SELECT_CLASS, 0x010802, 0xffffff, "NVMe controller"},
    {MANIFEST_SELECT_CLASS, 0x010601, 0xffffff, "AHCI controller"},
    {MANIFEST_SELECT_CLASS, 0x010000, 0xff0000, "storage controller"},
    {MANIFEST_SELECT_CLASS, 0x020000, 0xffff00, "Ethernet controller"},
    {MANIFEST_SELECT_CLASS, 0x030000, 0xff0000, "display controller"},
    {MANIFEST_SELECT_CLASS, 0x0c0330, 0xffffff, "xHCI controller"},
    {MANIFEST_SELECT_ID, 0x123411e8, 0xffffffff, "QEMU's edu device"},
    {MANIFEST_SELECT_ID, 0x808610c9, 0xffffffff, "82576 (igb)"},
    {MANIFEST_SELECT_ID, 0x808610ca, 0xffffffff, "82576 virtual function"},
    {MANIFEST_SELECT_ID, 0x808610d3, 0xffffffff, "82574L (e1000e)"},
    {MANIFEST_SELECT_ID, 0x1b360010, 0xffffffff, "QEMU's NVMe controller"},
    {MANIFEST_SELECT_ID, 0x1af41000, 0xffffff00, "virtio device"},
};

const char *known_name(const struct manifest_device *d)
{
    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].select == d->select &&
            (d->value & known[i].mask) == known[i].value)
            return known[i].name;
    return "device";
}

const char *selector_text(struct arena *arena, const struct manifest_device *d)
{
    static const enum value_type types[] = {VALUE_CLASS, VALUE_ID,
                                            VALUE_ADDRESS};

    return value_print(arena, types[d->select], d->value, d->mask);
}

const char *device_text(struct arena *arena, const struct manifest_device *d)
{
    const char *text = selector_text(arena, d);

    if (d->select == MANIFEST_SELECT_ADDRESS)
        return arena_print(arena, "device at %s", text);
    return arena_print(arena, "%s #%u (%s %s)", known_name(d), d->index,
                       manifest_select_names[d->select], text);
}

const char *size_text(struct arena *arena, uint64_t bytes)
{
    return value_print(arena, VALUE_SIZE, bytes, 0);
}

const char *time_text(struct arena *arena, uint64_t nanoseconds)
{
    return value_print(arena, VALUE_TIME, nanoseconds, 0);
}
