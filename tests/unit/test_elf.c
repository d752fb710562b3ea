/*
 * The ELF reader takes what a linker makes and refuses what would break W^X or
 * reach outside the file or the process (R10).
 *
 * links: servers/init/elf.c
 */
#include "servers/init/elf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

struct program {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_bytes, memory_bytes, align;
};

/* A file with three headers: text, data and thread-local storage. */
struct file {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, program_offset, section_offset;
    uint32_t flags;
    uint16_t header_bytes, program_bytes, program_count, rest[3];
    struct program text, data, tls;
    uint8_t bytes[4096];
};

static struct file good(void)
{
    struct file f = {.ident = "\177ELF\2\1\1",
                     .type = 2,
                     .machine = 62,
                     .entry = 0x400100,
                     .program_offset = 64,
                     .header_bytes = 64,
                     .program_bytes = 56,
                     .program_count = 3,
                     .text = {1, 5, 0, 0x400000, 0, 0x300, 0x300, 4096},
                     .data = {1, 6, 0x300, 0x401300, 0, 0x100, 0x5000, 4096},
                     .tls = {7, 4, 0x300, 0x401300, 0, 0x10, 0x20, 16}};

    return f;
}

static char err[128];

static int parse(const struct file *f, size_t size, struct elf_image *image)
{
    err[0] = 0;
    return elf_parse(f, size, image, err, sizeof err);
}

static void refuses(const struct file *f, const char *why)
{
    struct elf_image image;

    assert_int_equal(parse(f, sizeof *f, &image), -1);
    if (strstr(err, why) == NULL)
        fail_msg("expected \"%s\", got \"%s\"", why, err);
}

static void takes_good(void **state)
{
    struct file f = good();
    struct elf_image image;

    (void)state;
    assert_int_equal(parse(&f, sizeof f, &image), 0);
    assert_int_equal(image.entry, 0x400100);
    assert_int_equal(image.segment_count, 2);
    assert_int_equal(image.segments[0].access, ELF_READ | ELF_EXEC);
    assert_int_equal(image.segments[1].access, ELF_READ | ELF_WRITE);
    assert_int_equal(elf_page_count(&image.segments[1]), 6);
    assert_int_equal(image.pages, 7);
    assert_int_equal(image.tls_bytes, 0x20);
}

static void refuses_write_and_execute(void **state)
{
    struct file f = good();

    (void)state;
    f.data.flags = 7;
    refuses(&f, "writable and executable");
    f = good();
    f.tls = (struct program){.type = 0x6474e551, .flags = 7};
    refuses(&f, "executable stack");
}

static void refuses_outside_the_file(void **state)
{
    struct file f = good();
    struct elf_image image;

    (void)state;
    f.data.offset = sizeof f - 0xff;
    refuses(&f, "beyond the file");
    f = good();
    f.data.offset = ~0ull;
    refuses(&f, "beyond the file");
    f = good();
    f.program_offset = ~0ull - 8;
    refuses(&f, "beyond the file");
    f = good();
    assert_int_equal(parse(&f, 63, &image), -1);
    assert_int_equal(parse(&f, 100, &image), -1);
    assert_int_equal(parse(&f, 0x350, &image), -1);
}

static void refuses_outside_the_process(void **state)
{
    struct file f = good();

    (void)state;
    f.text.address = 0x1000;
    refuses(&f, "outside");
    f = good();
    f.data.address = 0xffffffff80000000;
    refuses(&f, "outside");
    f = good();
    f.data.memory_bytes = ~0ull - 0x401000;
    refuses(&f, "outside");
    f = good();
    f.entry = 0x401400;
    refuses(&f, "executable memory");
}

static void refuses_shared_pages(void **state)
{
    struct file f = good();

    (void)state;
    f.data.address = 0x400f00;
    refuses(&f, "overlaps");
    f = good();
    f.text.address = 0x500000;
    f.entry = 0x500000;
    refuses(&f, "overlaps");
}

static void refuses_other_kinds(void **state)
{
    struct file f = good();

    (void)state;
    f.machine = 40;
    refuses(&f, "x86-64");
    f = good();
    f.tls.type = 3;
    refuses(&f, "dynamically");
    f = good();
    f.tls.align = 24;
    refuses(&f, "aligned");
    f = good();
    f.tls.address = 0x700000;
    refuses(&f, "thread-local template");
    f = good();
    f.program_count = 0;
    refuses(&f, "program headers");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_good),
        cmocka_unit_test(refuses_write_and_execute),
        cmocka_unit_test(refuses_outside_the_file),
        cmocka_unit_test(refuses_outside_the_process),
        cmocka_unit_test(refuses_shared_pages),
        cmocka_unit_test(refuses_other_kinds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
