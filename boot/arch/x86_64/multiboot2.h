/*
 * What GRUB hands over: memory map, modules, command line, ACPI root pointer.
 * Source: Multiboot2 specification 2.0, 3.6. The reader trusts no size in the
 * structure.
 */
#pragma once

#include "boot/machine.h"

#define MULTIBOOT2_MAGIC   0x36d76289
#define BOOT_MAX_MEMORY    256
#define BOOT_MAX_RSDP_SIZE 36

enum memory_kind {
    MEMORY_FREE,     /* RAM that nobody uses once the boot loader has left */
    MEMORY_ACPI,     /* RAM with ACPI tables; the firmware's */
    MEMORY_RESERVED, /* not RAM, or RAM that the firmware uses */
};

struct memory_region {
    uint64_t start, end; /* bytes, [start, end) */
    enum memory_kind kind;
};

struct boot_data {
    unsigned memory_count;
    struct memory_region memory[BOOT_MAX_MEMORY];
    unsigned module_count;
    struct module modules[MAX_MODULES];
    char cmdline[256];
    uint8_t rsdp[BOOT_MAX_RSDP_SIZE]; /* a copy of the ACPI root pointer */
    unsigned rsdp_size;               /* 0: none */
    uint32_t dropped; /* regions or modules that did not fit or made no sense */
    uint32_t size;    /* of the boot loader's structure, bytes */
};

/*
 * Reads the structure at `info`, of which at most `limit` bytes are readable.
 * Returns NULL, or what is wrong with it.
 */
const char *multiboot2_read(const void *info, size_t limit,
                            struct boot_data *out);
