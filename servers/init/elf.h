/*
 * Reads an ELF64 executable's headers and says what to map where. Plain C
 * without anything of Cordon, so it is also tested and fuzzed on the host.
 *
 * Source: System V ABI, chapter 5 (program loading); gABI "Thread-Local
 * Storage".
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define ELF_MAX_SEGMENTS 8
#define ELF_LOWEST       0x10000ul    /* nothing may be mapped below */
#define ELF_HIGHEST      0x10000000ul /* nor from here on */
#define ELF_PAGE         4096ul

enum elf_access { ELF_READ = 1, ELF_WRITE = 2, ELF_EXEC = 4 };

/* One PT_LOAD: `file_bytes` from `offset`, then zeros to `memory_bytes`. */
struct elf_segment {
    uint64_t address;
    uint64_t memory_bytes;
    uint64_t offset;
    uint64_t file_bytes;
    uint32_t access; /* enum elf_access, never both write and execute */
};

struct elf_image {
    uint64_t entry;
    uint32_t segment_count;
    struct elf_segment segments[ELF_MAX_SEGMENTS]; /* ascending */
    uint64_t pages;                                /* that all segments take */
    uint64_t tls_address, tls_file_bytes, tls_bytes, tls_align; /* 0: none */
};

/*
 * Checks `size` bytes at `data` and fills `image`. Returns 0, or -1 with one
 * line in `err`. Everything `image` names then lies inside the file and within
 * ELF_LOWEST..ELF_HIGHEST, and no two segments share a page.
 */
int elf_parse(const void *data, size_t size, struct elf_image *image, char *err,
              size_t err_size);

/* First page and number of pages of a segment. */
static inline uint64_t elf_first_page(const struct elf_segment *s)
{
    return s->address & ~(ELF_PAGE - 1);
}

static inline uint64_t elf_page_count(const struct elf_segment *s)
{
    return (s->address + s->memory_bytes - elf_first_page(s) + ELF_PAGE - 1) /
           ELF_PAGE;
}
