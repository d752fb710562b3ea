/*
 * The ELF reader. A program is copied out of the file before anything is
 * looked at twice, every sum is checked against overflow by subtraction, and a
 * file that asks for memory both writable and executable is refused.
 */
#include "servers/init/elf.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, program_offset, section_offset;
    uint32_t flags;
    uint16_t header_bytes, program_bytes, program_count;
    uint16_t section_bytes, section_count, section_names;
};

struct elf_program {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_bytes, memory_bytes, align;
};

#define ELF_CLASS_64      2
#define ELF_LITTLE_ENDIAN 1
#define ELF_TYPE_EXEC     2
#define ELF_X86_64        62
#define PROGRAM_LOAD      1u
#define PROGRAM_DYNAMIC   2u
#define PROGRAM_INTERP    3u
#define PROGRAM_TLS       7u
#define PROGRAM_STACK     0x6474e551u /* PT_GNU_STACK */
#define FLAG_EXEC         1u
#define FLAG_WRITE        2u
#define PROGRAMS_MAX      32u

struct reader {
    const uint8_t *data;
    size_t size;
    struct elf_image *image;
    char *err;
    size_t err_size;
};

#define FAIL(r, ...) (snprintf((r)->err, (r)->err_size, __VA_ARGS__), -1)

static int check_header(const struct reader *r, struct elf_header *h)
{
    if (r->size < sizeof *h)
        return FAIL(r, "%zu bytes are too few for an ELF header", r->size);
    memcpy(h, r->data, sizeof *h);
    if (memcmp(h->ident, "\177ELF", 4) != 0)
        return FAIL(r, "not an ELF file");
    if (h->ident[4] != ELF_CLASS_64 || h->ident[5] != ELF_LITTLE_ENDIAN ||
        h->machine != ELF_X86_64 || h->type != ELF_TYPE_EXEC)
        return FAIL(r, "not a static x86-64 executable");
    if (h->program_bytes != sizeof(struct elf_program) ||
        h->program_count == 0 || h->program_count > PROGRAMS_MAX)
        return FAIL(r, "%u program headers of %u bytes", h->program_count,
                    h->program_bytes);
    if (h->program_offset > r->size ||
        r->size - h->program_offset <
            h->program_count * sizeof(struct elf_program))
        return FAIL(r, "program headers lie beyond the file's %zu bytes",
                    r->size);
    return 0;
}

/* Does the part of the file lie inside it, and is it no larger than memory? */
static int check_file_part(const struct reader *r, const struct elf_program *p)
{
    if (p->offset > r->size || p->file_bytes > r->size - p->offset)
        return FAIL(r, "a segment lies beyond the file's %zu bytes: cut short?",
                    r->size);
    if (p->file_bytes > p->memory_bytes)
        return FAIL(r, "a segment has more bytes in the file than in memory");
    return 0;
}

static int add_segment(const struct reader *r, const struct elf_program *p)
{
    struct elf_image *image = r->image;
    struct elf_segment *s = &image->segments[image->segment_count];

    if (p->memory_bytes == 0)
        return 0;
    if (image->segment_count == ELF_MAX_SEGMENTS)
        return FAIL(r, "more than %d segments", ELF_MAX_SEGMENTS);
    if (check_file_part(r, p))
        return -1;
    if (p->address < ELF_LOWEST || p->address >= ELF_HIGHEST ||
        p->memory_bytes > ELF_HIGHEST - p->address)
        return FAIL(r, "segment at 0x%llx is outside 0x%lx..0x%lx",
                    (unsigned long long)p->address, ELF_LOWEST, ELF_HIGHEST);
    if ((p->flags & FLAG_WRITE) != 0 && (p->flags & FLAG_EXEC) != 0)
        return FAIL(r, "segment at 0x%llx is writable and executable",
                    (unsigned long long)p->address);
    *s = (struct elf_segment){p->address, p->memory_bytes, p->offset,
                              p->file_bytes, ELF_READ};
    if ((p->flags & FLAG_WRITE) != 0)
        s->access |= ELF_WRITE;
    if ((p->flags & FLAG_EXEC) != 0)
        s->access |= ELF_EXEC;
    if (image->segment_count > 0) {
        const struct elf_segment *before = s - 1;

        if (elf_first_page(s) <
            elf_first_page(before) + elf_page_count(before) * ELF_PAGE)
            return FAIL(r, "segment at 0x%llx overlaps the one before",
                        (unsigned long long)p->address);
    }
    image->segment_count++;
    image->pages += elf_page_count(s);
    return 0;
}

static int add_tls(const struct reader *r, const struct elf_program *p)
{
    struct elf_image *image = r->image;

    if (check_file_part(r, p))
        return -1;
    if (p->memory_bytes > 16 * ELF_PAGE || p->align > ELF_PAGE ||
        (p->align & (p->align - 1)) != 0)
        return FAIL(r, "thread-local storage of %llu bytes, aligned to %llu",
                    (unsigned long long)p->memory_bytes,
                    (unsigned long long)p->align);
    image->tls_address = p->address;
    image->tls_file_bytes = p->file_bytes;
    image->tls_bytes = p->memory_bytes;
    image->tls_align = p->align == 0 ? 1 : p->align;
    return 0;
}

static int add_program(const struct reader *r, const struct elf_program *p)
{
    switch (p->type) {
    case PROGRAM_LOAD:
        return add_segment(r, p);
    case PROGRAM_TLS:
        return add_tls(r, p);
    case PROGRAM_DYNAMIC:
    case PROGRAM_INTERP:
        return FAIL(r, "dynamically linked");
    case PROGRAM_STACK:
        return (p->flags & FLAG_EXEC) != 0 ? FAIL(r, "executable stack") : 0;
    default:
        return 0;
    }
}

/* Is [address, address + bytes) inside one segment with this access? */
static bool inside(const struct elf_image *image, uint64_t address,
                   uint64_t bytes, uint32_t access)
{
    for (uint32_t i = 0; i < image->segment_count; i++) {
        const struct elf_segment *s = &image->segments[i];

        if (address >= s->address && address - s->address <= s->memory_bytes &&
            bytes <= s->memory_bytes - (address - s->address))
            return (s->access & access) == access;
    }
    return false;
}

int elf_parse(const void *data, size_t size, struct elf_image *image, char *err,
              size_t err_size)
{
    struct reader r = {data, size, image, err, err_size};
    struct elf_header h;

    memset(image, 0, sizeof *image);
    if (check_header(&r, &h))
        return -1;
    for (uint32_t i = 0; i < h.program_count; i++) {
        struct elf_program p;

        memcpy(&p, r.data + h.program_offset + i * sizeof p, sizeof p);
        if (add_program(&r, &p))
            return -1;
    }
    if (!inside(image, h.entry, 1, ELF_EXEC))
        return FAIL(&r, "entry 0x%llx is not in executable memory",
                    (unsigned long long)h.entry);
    if (image->tls_file_bytes != 0 &&
        !inside(image, image->tls_address, image->tls_file_bytes, ELF_READ))
        return FAIL(&r, "thread-local template lies outside the segments");
    image->entry = h.entry;
    return 0;
}
