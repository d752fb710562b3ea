/*
 * Any bytes as the first process's executable: what start accepts of it can be
 * copied without leaving the file, into the user half, and is never writable
 * and executable.
 *
 * links: boot/elf.c
 */
#include <stdlib.h>
#include <string.h>

#include "boot/elf.h"
#include "kernel/platform.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const uint8_t *file, size_t size, const struct elf_segment *s)
{
    uint8_t last;

    if (s->type != ELF_LOAD)
        return;
    if ((s->flags & ELF_FLAG_W && s->flags & ELF_FLAG_X) ||
        s->address + s->memory_bytes > USER_END || s->address < PAGE_SIZE)
        abort();
    if (s->offset > size || s->file_bytes > s->memory_bytes)
        abort();
    if (s->file_bytes) { /* the sanitizer looks at the ends */
        memcpy(&last, file + s->offset, 1);
        memcpy(&last, file + s->offset + s->file_bytes - 1, 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *file = malloc(size + 1); /* aligned, as a module is */

    memcpy(file, data, size);
    if (elf_check(file, size)) {
        const struct elf_header *header = (void *)file;

        for (unsigned i = 0; i < header->segment_count; i++) {
            const struct elf_segment *s = elf_segment(file, size, i);

            if (s)
                check(file, size, s);
        }
    }
    free(file);
    return 0;
}
