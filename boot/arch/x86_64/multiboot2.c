/*
 * Reads GRUB's boot information: a list of tags, each with a type and a size.
 * UEFI machines may describe memory by the firmware's own map (tag 17)
 * instead of tag 6, and ACPI by tag 15 instead of 14: both are understood,
 * and the richer one wins. All reads are bounds-checked.
 * Source: Multiboot2 specification 2.0, 3.6; UEFI specification 2.10, 7.2.3.
 */
#include "boot/arch/x86_64/multiboot2.h"

enum tag_type {
    TAG_END = 0,
    TAG_CMDLINE = 1,
    TAG_MODULE = 3,
    TAG_MEMORY_MAP = 6,
    TAG_ACPI_OLD = 14,
    TAG_ACPI_NEW = 15,
    TAG_EFI_MEMORY_MAP = 17,
};

struct tag {
    uint32_t type;
    uint32_t size; /* with this header, without padding */
};

struct module_tag {
    struct tag tag;
    uint32_t start, end;
};

struct map_tag { /* tags 6 and 17 */
    struct tag tag;
    uint32_t entry_size, entry_version;
};

struct map_entry {
    uint64_t base, length;
    uint32_t type, reserved;
};

struct efi_entry {
    uint32_t type, reserved;
    uint64_t physical, virtual, pages, attribute;
};

static enum memory_kind kind_of_e820(uint32_t type)
{
    switch (type) {
    case 1:
        return MEMORY_FREE;
    case 3: /* ACPI tables */
    case 4: /* ACPI non-volatile storage */
        return MEMORY_ACPI;
    default:
        return MEMORY_RESERVED;
    }
}

static enum memory_kind kind_of_efi(uint32_t type)
{
    switch (type) {
    case 1: /* EfiLoaderCode, EfiLoaderData: GRUB, which has left */
    case 2:
    case 3: /* EfiBootServicesCode, EfiBootServicesData: over */
    case 4:
    case 7: /* EfiConventionalMemory */
        return MEMORY_FREE;
    case 9:  /* EfiACPIReclaimMemory */
    case 10: /* EfiACPIMemoryNVS */
        return MEMORY_ACPI;
    default:
        return MEMORY_RESERVED;
    }
}

/* Copies a string of at most `size` bytes into a buffer of `max`, cut. */
static void string_copy(char *to, size_t max, const char *from, size_t size)
{
    size_t i = 0;

    for (; i < size && i + 1 < max && from[i]; i++)
        to[i] = from[i];
    to[i] = 0;
}

static void region_add(struct boot_data *out, uint64_t start, uint64_t length,
                       enum memory_kind kind)
{
    uint64_t end = length > ~start ? ~0ull : start + length;

    if (length == 0)
        return;
    if (out->memory_count == BOOT_MAX_MEMORY) {
        out->dropped++;
        /* Losing RAM is safe, losing a reservation is not: the last entry
         * becomes a reservation of everything from there on. */
        if (kind != MEMORY_FREE)
            out->memory[BOOT_MAX_MEMORY - 1] =
                (struct memory_region){0, ~0ull, MEMORY_RESERVED};
        return;
    }
    out->memory[out->memory_count++] = (struct memory_region){start, end, kind};
}

static void read_map(const struct map_tag *tag, struct boot_data *out)
{
    bool efi = tag->tag.type == TAG_EFI_MEMORY_MAP;
    uint32_t least = efi ? sizeof(struct efi_entry) : sizeof(struct map_entry);
    uint32_t size = tag->tag.size, step = 0;

    if (size >= sizeof(*tag))
        step = tag->entry_size;
    if (step < least || step % 8 != 0) {
        out->dropped++;
        return;
    }
    for (uint32_t at = sizeof(*tag); size - at >= step; at += step) {
        const char *entry = (const char *)tag + at;

        if (efi) {
            const struct efi_entry *e = (const void *)entry;
            uint64_t pages = e->pages >> 52 ? (1ull << 52) - 1 : e->pages;
            region_add(out, e->physical, pages << 12, kind_of_efi(e->type));
        } else {
            const struct map_entry *e = (const void *)entry;
            region_add(out, e->base, e->length, kind_of_e820(e->type));
        }
    }
}

static void read_module(const struct module_tag *tag, struct boot_data *out)
{
    if (tag->tag.size < sizeof(*tag) || tag->end <= tag->start ||
        tag->start % PAGE_SIZE != 0 || out->module_count == MAX_MODULES) {
        out->dropped++;
        return;
    }
    struct module *module = &out->modules[out->module_count++];
    module->base.v = tag->start;
    module->size = tag->end - tag->start;
    string_copy(module->name, sizeof(module->name), (const char *)(tag + 1),
                tag->tag.size - sizeof(*tag));
}

static void read_rsdp(const struct tag *tag, struct boot_data *out)
{
    uint32_t size = tag->size - (uint32_t)sizeof(*tag);

    if (size > sizeof(out->rsdp))
        size = sizeof(out->rsdp);
    if (size <= out->rsdp_size)
        return; /* the newer, larger one was there before */
    for (uint32_t i = 0; i < size; i++)
        out->rsdp[i] = ((const uint8_t *)(tag + 1))[i];
    out->rsdp_size = size;
}

static void read_tag(const struct tag *tag, struct boot_data *out)
{
    switch (tag->type) {
    case TAG_CMDLINE:
        string_copy(out->cmdline, sizeof(out->cmdline), (const char *)(tag + 1),
                    tag->size - sizeof(*tag));
        break;
    case TAG_MODULE:
        read_module((const void *)tag, out);
        break;
    case TAG_MEMORY_MAP:
        read_map((const void *)tag, out);
        break;
    case TAG_ACPI_OLD:
    case TAG_ACPI_NEW:
        read_rsdp(tag, out);
        break;
    default:
        break;
    }
}

const char *multiboot2_read(const void *info, size_t limit,
                            struct boot_data *out)
{
    const char *bytes = info;
    const struct map_tag *efi_map = NULL;

    __builtin_memset(out, 0, sizeof(*out));
    if (limit < 16)
        return "boot information: fewer than 16 bytes";
    uint32_t total = *(const uint32_t *)info;
    if (total < 16 || total > limit)
        return "boot information: impossible size";
    out->size = total;

    for (uint32_t at = 8; total - at >= sizeof(struct tag);) {
        const struct tag *tag = (const void *)(bytes + at);

        if (tag->type == TAG_END)
            break;
        if (tag->size < sizeof(*tag) || tag->size > total - at)
            return "boot information: a tag is larger than the whole";
        if (tag->type == TAG_EFI_MEMORY_MAP)
            efi_map = (const void *)tag;
        read_tag(tag, out);
        uint32_t padded = (tag->size + 7u) & ~7u;
        if (padded < tag->size || padded > total - at)
            break;
        at += padded;
    }
    if (out->memory_count == 0 && efi_map)
        read_map(efi_map, out);
    if (out->memory_count == 0)
        return "boot information: no memory map (tags 6 and 17)";
    return NULL;
}
