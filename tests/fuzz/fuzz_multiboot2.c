/*
 * Any bytes as the boot loader's structure: never a read beyond its end, never
 * more than there is room for, every string ended, every module sane.
 *
 * links: boot/arch/x86_64/multiboot2.c
 */
#include "boot/arch/x86_64/multiboot2.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct boot_data out;
    uint8_t *copy = malloc(size ? size : 1);

    memcpy(copy, data, size);
    /* The first word is the size; a random one would be refused at once. */
    uint32_t total = (uint32_t)size;
    if (size >= 8 && (data[4] & 1) == 0)
        memcpy(copy, &total, 4);
    multiboot2_read(copy, size, &out);
    if (out.memory_count > BOOT_MAX_MEMORY || out.module_count > MAX_MODULES ||
        out.rsdp_size > BOOT_MAX_RSDP_SIZE ||
        !memchr(out.cmdline, 0, sizeof(out.cmdline)))
        abort();
    for (unsigned i = 0; i < out.memory_count; i++)
        if (out.memory[i].start > out.memory[i].end)
            abort();
    for (unsigned i = 0; i < out.module_count; i++)
        if (!memchr(out.modules[i].name, 0, sizeof(out.modules[i].name)) ||
            out.modules[i].base.v % PAGE_SIZE || out.modules[i].size == 0)
            abort();
    free(copy);
    return 0;
}
