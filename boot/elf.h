/*
 * The few fields of an ELF64 executable that the first process's image is
 * loaded by. Source: System V ABI, chapter 4 and 5; ELF-64 object file format.
 */
#pragma once

#include <cordon/types.h>

#define ELF_MAGIC      0x464c457fu /* \177ELF */
#define ELF_CLASS_64   2
#define ELF_EXECUTABLE 2
#define ELF_X86_64     62
#define ELF_LOAD       1
#define ELF_FLAG_X     1
#define ELF_FLAG_W     2
#define ELF_FLAG_R     4

struct elf_header {
    uint32_t magic;
    uint8_t class, data, version, abi, padding[8];
    uint16_t type, machine;
    uint32_t version2;
    uint64_t entry, segments_offset, sections_offset;
    uint32_t flags;
    uint16_t header_size, segment_size, segment_count;
    uint16_t section_size, section_count, names_index;
};

struct elf_segment {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_bytes, memory_bytes, align;
};

/*
 * The segment, after checking that it lies within the file, the user half and
 * pages of its own, and is not both writable and executable. NULL: malformed.
 */
const struct elf_segment *elf_segment(const void *file, uint64_t size,
                                      unsigned index);
/* Whether the header is one that elf_segment may be used on. */
bool elf_check(const void *file, uint64_t size);
