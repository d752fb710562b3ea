/*
 * Thread-local storage, variant II of the x86-64 ABI: the block of a thread
 * ends where its control block begins, FS points there, and the first word of
 * the control block points to itself. The template is the program's PT_TLS
 * segment, found through the ELF header that the linker leaves at __ehdr_start.
 */
#include <elf.h>
#include <string.h>

#include "libsys/runtime.h"

#define TLS_ALIGN_MIN 64u

struct control_block {
    void *self; /* the ABI's */
    struct thread *thread;
};

extern const Elf64_Ehdr __ehdr_start;

static const Elf64_Phdr *tls_segment(void)
{
    const Elf64_Phdr *p =
        (const void *)((uintptr_t)&__ehdr_start + __ehdr_start.e_phoff);

    for (unsigned i = 0; i < __ehdr_start.e_phnum; i++)
        if (p[i].p_type == PT_TLS)
            return &p[i];
    return NULL;
}

static size_t round_up(size_t n, size_t align)
{
    return (n + align - 1) & ~(align - 1);
}

/* Bytes before the control block: it, and thus the block's end, is aligned. */
static size_t data_bytes(const Elf64_Phdr *segment, size_t *align)
{
    *align = TLS_ALIGN_MIN;
    if (segment == NULL)
        return 0;
    if (segment->p_align > *align)
        *align = segment->p_align;
    return round_up(segment->p_memsz, *align);
}

size_t tls_bytes(void)
{
    size_t align;
    size_t bytes = data_bytes(tls_segment(), &align);

    return bytes + align + sizeof(struct control_block);
}

uintptr_t tls_fill(void *block, struct thread *t)
{
    const Elf64_Phdr *segment = tls_segment();
    size_t align;
    size_t bytes = data_bytes(segment, &align);
    uintptr_t base = round_up((uintptr_t)block + bytes, align);
    struct control_block *control = (struct control_block *)base;

    if (segment != NULL)
        memcpy(
            (void *)(base - round_up(segment->p_memsz,
                                     segment->p_align ? segment->p_align : 1)),
            (const void *)segment->p_vaddr, segment->p_filesz);
    control->self = control;
    control->thread = t;
    return base;
}

struct thread *thread_current(void)
{
    struct thread *t;

    __asm__("movq %%fs:%c1, %0"
            : "=r"(t)
            : "i"(offsetof(struct control_block, thread)));
    return t;
}
