/* Reading the first process's executable: see elf.h. */
#include "boot/elf.h"
#include "kernel/platform.h"

bool elf_check(const void *file, uint64_t size)
{
    const struct elf_header *header = file;

    return size >= sizeof(*header) && header->magic == ELF_MAGIC &&
           header->class == ELF_CLASS_64 && header->type == ELF_EXECUTABLE &&
           header->machine == ELF_X86_64 &&
           header->segment_size == sizeof(struct elf_segment) &&
           header->segments_offset % 8 == 0 &&
           header->segments_offset <= size &&
           header->segment_count <=
               (size - header->segments_offset) / sizeof(struct elf_segment);
}

const struct elf_segment *elf_segment(const void *file, uint64_t size,
                                      unsigned index)
{
    const struct elf_header *header = file;
    const char *table = (const char *)file + header->segments_offset;
    const struct elf_segment *s =
        (const void *)(table + index * sizeof(struct elf_segment));

    if (s->type != ELF_LOAD)
        return s;
    if (s->offset > size || s->file_bytes > size - s->offset ||
        s->file_bytes > s->memory_bytes || s->address < PAGE_SIZE ||
        s->address >= USER_END / 2 || s->memory_bytes > USER_END / 2 ||
        (s->flags & ELF_FLAG_W && s->flags & ELF_FLAG_X))
        return NULL;
    return s;
}
