/*
 * Whatever the file: what elf_parse() accepts can be copied and mapped without
 * leaving the file or the process, and is never writable and executable.
 *
 * links: servers/init/elf.c
 */
#include "servers/init/elf.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint8_t sink;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct elf_image image;
    char err[64];

    if (elf_parse(data, size, &image, err, sizeof err) != 0)
        return 0;
    for (uint32_t i = 0; i < image.segment_count; i++) {
        const struct elf_segment *s = &image.segments[i];

        for (uint64_t at = 0; at < s->file_bytes; at++)
            sink = data[s->offset + at];
        if ((s->access & ELF_WRITE) != 0 && (s->access & ELF_EXEC) != 0)
            abort();
        if (s->address < ELF_LOWEST ||
            elf_first_page(s) + elf_page_count(s) * ELF_PAGE > ELF_HIGHEST)
            abort();
    }
    return 0;
}
