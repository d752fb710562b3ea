/*
 * The boot loader's structure: memory maps of both kinds, modules, command
 * line and ACPI pointers are found, and no size in it is believed.
 *
 * links: boot/arch/x86_64/multiboot2.c
 */
#include "boot/arch/x86_64/multiboot2.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static _Alignas(8) uint8_t info[16384];
static uint32_t used;

static void begin(void)
{
    memset(info, 0, sizeof(info));
    used = 8;
}

static void tag(uint32_t type, const void *body, uint32_t size)
{
    uint32_t header[2] = {type, size + 8};

    memcpy(info + used, header, 8);
    memcpy(info + used + 8, body, size);
    used += (size + 8 + 7) & ~7u;
}

static void total(uint32_t size)
{
    memcpy(info, &size, 4);
}

/* Reads from memory of the exact size, so that ASan sees a byte too far. */
static const char *read_exact(struct boot_data *out)
{
    uint8_t *copy = malloc(used);

    memcpy(copy, info, used);
    const char *error = multiboot2_read(copy, used, out);
    free(copy);
    return error;
}

static const char *finish(struct boot_data *out)
{
    tag(0, "", 0);
    total(used);
    return read_exact(out);
}

static void module(uint32_t start, uint32_t end, const char *name)
{
    uint8_t body[64] = {0};

    memcpy(body, &start, 4);
    memcpy(body + 4, &end, 4);
    strcpy((char *)body + 8, name);
    tag(3, body, 8 + (uint32_t)strlen(name) + 1);
}

static void memory_map(uint64_t entry_size)
{
    static const struct {
        uint64_t base, length;
        uint32_t type, zero;
    } entries[] = {{0, 0x9fc00, 1, 0},
                   {0x100000, 0x1fee0000, 1, 0},
                   {0x1ffe0000, 0x20000, 3, 0},
                   {0xb0000000, 0x10000000, 2, 0},
                   {~0ull - 0xfff, 0x100000, 2, 0}};
    uint8_t body[512] = {0};
    uint32_t head[2] = {(uint32_t)entry_size, 0};

    memcpy(body, head, 8);
    for (size_t i = 0; i < 5; i++)
        memcpy(body + 8 + i * entry_size, &entries[i], sizeof(entries[i]));
    tag(6, body, 8 + 5 * (uint32_t)entry_size);
}

static void efi_map(void)
{
    static const struct {
        uint32_t type, pad;
        uint64_t physical, virtual, pages, attribute;
    } entries[] = {{7, 0, 0x100000, 0, 0x100, 15},
                   {4, 0, 0x200000, 0, 0x10, 15},
                   {9, 0, 0x300000, 0, 1, 15},
                   {11, 0, 0xb0000000, 0, 0x10000, 1}};
    uint8_t body[256] = {0};
    uint32_t head[2] = {48, 1}; /* descriptors are larger than what we know */

    memcpy(body, head, 8);
    for (size_t i = 0; i < 4; i++)
        memcpy(body + 8 + i * 48, &entries[i], sizeof(entries[i]));
    tag(17, body, 8 + 4 * 48);
}

static void test_memory_map(void **state)
{
    struct boot_data data;

    (void)state;
    for (uint64_t size = 24; size <= 40; size += 16) {
        begin();
        memory_map(size);
        assert_null(finish(&data));
        assert_int_equal(data.memory_count, 5);
        assert_int_equal(data.memory[1].start, 0x100000);
        assert_int_equal(data.memory[1].end, 0x1ffe0000);
        assert_int_equal(data.memory[1].kind, MEMORY_FREE);
        assert_int_equal(data.memory[2].kind, MEMORY_ACPI);
        assert_int_equal(data.memory[3].kind, MEMORY_RESERVED);
        assert_true(data.memory[4].end == ~0ull); /* does not wrap */
    }
}

static void test_efi_map_only_without_the_other(void **state)
{
    struct boot_data data;

    (void)state;
    begin();
    efi_map();
    assert_null(finish(&data));
    assert_int_equal(data.memory_count, 4);
    assert_int_equal(data.memory[0].end, 0x200000);
    assert_int_equal(data.memory[0].kind, MEMORY_FREE);
    assert_int_equal(data.memory[1].kind, MEMORY_FREE);
    assert_int_equal(data.memory[2].kind, MEMORY_ACPI);
    assert_int_equal(data.memory[3].kind, MEMORY_RESERVED);

    begin();
    efi_map();
    memory_map(24);
    assert_null(finish(&data));
    assert_int_equal(data.memory_count, 5);
}

static void test_modules_and_command_line(void **state)
{
    struct boot_data data;

    (void)state;
    begin();
    memory_map(24);
    tag(1, "debug=1", 8);
    module(0x200000, 0x200123, "init");
    module(0x201000, 0x201000, "empty");
    module(0x203000, 0x202000, "backwards");
    module(0x204001, 0x205000, "unaligned");
    module(0x205000, 0x206000, "a-name-that-is-longer-than-the-field");
    assert_null(finish(&data));
    assert_string_equal(data.cmdline, "debug=1");
    assert_int_equal(data.module_count, 2);
    assert_int_equal(data.dropped, 3);
    assert_string_equal(data.modules[0].name, "init");
    assert_int_equal(data.modules[0].base.v, 0x200000);
    assert_int_equal(data.modules[0].size, 0x123);
    assert_int_equal(strlen(data.modules[1].name), 31);
}

static void test_more_modules_than_room(void **state)
{
    struct boot_data data;

    (void)state;
    begin();
    memory_map(24);
    for (unsigned i = 0; i < MAX_MODULES + 3; i++)
        module(0x200000 + i * 0x1000, 0x200001 + i * 0x1000, "m");
    assert_null(finish(&data));
    assert_int_equal(data.module_count, MAX_MODULES);
    assert_int_equal(data.dropped, 3);
}

static void test_newer_acpi_pointer_wins(void **state)
{
    static const uint8_t older[20] = {1}, newer[36] = {2};
    struct boot_data data;

    (void)state;
    begin();
    memory_map(24);
    tag(15, newer, 36);
    tag(14, older, 20);
    assert_null(finish(&data));
    assert_int_equal(data.rsdp_size, 36);
    assert_int_equal(data.rsdp[0], 2);

    begin();
    memory_map(24);
    tag(14, older, 20);
    tag(15, newer, 36);
    assert_null(finish(&data));
    assert_int_equal(data.rsdp_size, 36);
}

/* A map with more entries than there is room for loses RAM, and a reservation
 * that does not fit takes everything. */
static void test_too_large_a_map_fails_closed(void **state)
{
    static uint8_t body[8 + 300 * 24];
    struct boot_data data;
    uint32_t head[2] = {24, 0};

    (void)state;
    memcpy(body, head, 8);
    for (uint64_t i = 0; i < 300; i++) {
        uint64_t entry[3] = {i << 20, 0x1000, i == 299 ? 2 : 1};
        memcpy(body + 8 + i * 24, entry, 24);
    }
    begin();
    tag(6, body, sizeof(body));
    assert_null(finish(&data));
    assert_int_equal(data.memory_count, BOOT_MAX_MEMORY);
    assert_int_equal(data.dropped, 300 - BOOT_MAX_MEMORY);
    assert_int_equal(data.memory[BOOT_MAX_MEMORY - 1].start, 0);
    assert_true(data.memory[BOOT_MAX_MEMORY - 1].end == ~0ull);
    assert_int_equal(data.memory[BOOT_MAX_MEMORY - 1].kind, MEMORY_RESERVED);
}

static void test_bad_sizes(void **state)
{
    struct boot_data data;
    uint32_t huge[2] = {3, 0x10000}, tiny[2] = {3, 4};

    (void)state;
    begin();
    assert_non_null(finish(&data)); /* no memory map */
    begin();
    memory_map(16); /* entries smaller than the specification's */
    assert_non_null(finish(&data));
    begin();
    memory_map(24);
    memcpy(info + used, huge, 8);
    used += 8;
    assert_non_null(finish(&data));
    begin();
    memory_map(24);
    memcpy(info + used, tiny, 8);
    used += 8;
    assert_non_null(finish(&data));
    begin();
    tag(17, "", 0); /* a map without its own header, at the very end */
    total(used);
    assert_non_null(read_exact(&data));
    begin();
    memory_map(24);
    total(8);
    assert_non_null(read_exact(&data));
    total(used + 1);
    assert_non_null(read_exact(&data));
    assert_non_null(multiboot2_read(info, 8, &data));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_map),
        cmocka_unit_test(test_efi_map_only_without_the_other),
        cmocka_unit_test(test_modules_and_command_line),
        cmocka_unit_test(test_more_modules_than_room),
        cmocka_unit_test(test_newer_acpi_pointer_wins),
        cmocka_unit_test(test_too_large_a_map_fails_closed),
        cmocka_unit_test(test_bad_sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
