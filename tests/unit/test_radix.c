/*
 * The radix page tables in all three formats: every leaf bit checked against
 * the manuals by hand-written constants, map and unmap at every size, errors
 * that change nothing (R10), and reading out (R12) in bounded steps (R9).
 *
 * links: kernel/radix.c kernel/arch/x86_64/radix_cpu.c iommu/vtd/radix_vtd.c
 * links: boot/radix_map.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "iommu/vtd/radix_vtd.h"
#include "kernel/arch/x86_64/radix_cpu.h"
#include "kernel/cache.h"
#include "boot/radix_map.h"
#include "kernel/radix.h"

#define K4 ((uint64_t)1 << 12)
#define M2 ((uint64_t)1 << 21)
#define G1 ((uint64_t)1 << 30)

#define PAGES 64
static char *arena;
static unsigned arena_used;
static size_t flushed_bytes;

void cache_flush(const void *p, size_t bytes)
{
    (void)p;
    flushed_bytes += bytes;
}

static paddr_t page_take(void)
{
    assert_true(arena_used < PAGES);
    return virt_to_phys(arena + K4 * arena_used++);
}

static int setup(void **state)
{
    (void)state;
    arena = aligned_alloc(K4, K4 * PAGES);
    memset(arena, 0, K4 * PAGES);
    arena_used = 0;
    flushed_bytes = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(arena);
    return 0;
}

static void make(struct radix *r, const struct radix_format *f, unsigned pool)
{
    radix_init(r, f, page_take());
    while (pool-- > 0)
        radix_donate(r, page_take());
}

static void unmap(struct radix *r, uint64_t va, unsigned size_bits)
{
    struct radix_cursor c;

    radix_cursor_begin(&c, r, va, size_bits, 0);
    radix_cursor_clear(&c);
    radix_cursor_end(&c);
}

/* The leaf at or after `va`. */
static enum radix_status next(const struct radix *r, uint64_t va,
                              struct radix_leaf *leaf)
{
    enum radix_status s;

    while ((s = radix_next(r, &va, leaf)) == RADIX_AGAIN)
        ;
    return s;
}

/* The entry at the end of a path of indices from the root. */
static uint64_t raw(const struct radix *r, const unsigned *path, unsigned n)
{
    uint64_t *table = r->root;
    for (unsigned i = 0; i + 1 < n; i++)
        table = phys_to_virt((paddr_t){table[path[i]] & 0x000ffffffffff000});
    return table[path[n - 1]];
}

static void test_cpu_entries(void **state)
{
    static const struct {
        unsigned attrs;
        uint64_t bits;
    } cases[] = {
        {RADIX_READ, 0x8000000000000001},
        {RADIX_READ | RADIX_WRITE, 0x8000000000000003},
        {RADIX_READ | RADIX_EXEC | RADIX_USER, 0x5},
        {RADIX_READ | RADIX_WRITE | RADIX_USER | RADIX_UNCACHED,
         0x800000000000001f},
        {RADIX_READ | RADIX_WRITE_COMBINE | RADIX_USER, 0x800000000000000d},
    };
    struct radix r;
    unsigned path[4] = {0x12, 0x34, 0x56, 0x78};
    uint64_t va = ((uint64_t)0x12 << 39) | ((uint64_t)0x34 << 30) |
                  ((uint64_t)0x56 << 21) | ((uint64_t)0x78 << 12);

    (void)state;
    make(&r, &radix_cpu, 3);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct radix_leaf leaf;
        paddr_t pa = {0x000fedcba9876000};
        assert_int_equal(radix_map(&r, va, pa, 12, cases[i].attrs), RADIX_OK);
        assert_int_equal(raw(&r, path, 4), pa.v | cases[i].bits);
        assert_int_equal(raw(&r, path, 1) & 0xfff, 7);
        assert_int_equal(raw(&r, path, 3) & 0xfff, 7);
        assert_int_equal(next(&r, va + 0xabc, &leaf), RADIX_OK);
        assert_int_equal(leaf.va, va);
        assert_int_equal(leaf.pa.v, pa.v);
        assert_int_equal(leaf.size_bits, 12);
        assert_int_equal(leaf.attrs, cases[i].attrs);
        unmap(&r, va, 12);
        assert_int_equal(raw(&r, path, 4), 0);
    }
    assert_int_equal(r.used_count, 3);
    assert_int_equal(flushed_bytes, 0);
}

static void test_superpages(void **state)
{
    struct radix r;
    struct radix_leaf leaf;
    unsigned path[3] = {0, 3, 5};

    (void)state;
    make(&r, &radix_cpu_1g, 2);
    assert_int_equal(radix_map(&r, 3 * G1 + 5 * M2, (paddr_t){6 * M2}, 21,
                               RADIX_READ | RADIX_USER),
                     RADIX_OK);
    assert_int_equal(raw(&r, path, 3), (6 * M2) | 0x8000000000000085);
    assert_int_equal(radix_map(&r, 7 * G1, (paddr_t){2 * G1}, 30, RADIX_READ),
                     RADIX_OK);
    path[1] = 7;
    assert_int_equal(raw(&r, path, 2), (2 * G1) | 0x8000000000000081);
    assert_int_equal(next(&r, 7 * G1 + 12345, &leaf), RADIX_OK);
    assert_int_equal(leaf.size_bits, 30);
    assert_int_equal(leaf.va, 7 * G1);
    /* A small page inside a large one, and a large one over a table. */
    assert_int_equal(radix_check(&r, 7 * G1 + K4, 12, 1), RADIX_OVERLAP);
    assert_int_equal(radix_check(&r, 3 * G1, 30, 1), RADIX_OVERLAP);
}

static void test_vtd_entries(void **state)
{
    struct radix_format f;
    struct radix r;
    unsigned path[3] = {1, 2, 3};

    (void)state;
    radix_vtd_format(&f, 3, K4 | M2, true);
    assert_int_equal(f.input_bits, 39);
    make(&r, &f, 2);
    assert_int_equal(radix_map(&r, G1 + 2 * M2 + 3 * K4, (paddr_t){0x7000}, 12,
                               RADIX_WRITE | RADIX_EXEC),
                     RADIX_OK);
    assert_int_equal(raw(&r, path, 3), 0x7002);
    assert_int_equal(raw(&r, path, 1) & 0xfff, 3);
    /* The root, two tables, three stores of a slot. */
    assert_int_equal(flushed_bytes, 3 * K4 + 3 * 8);
    /* A cursor changes and removes leaves that are there. */
    struct radix_cursor c;
    radix_cursor_begin(&c, &r, G1 + 2 * M2 + 3 * K4, 12, RADIX_READ);
    radix_cursor_put(&c, (paddr_t){0x7000});
    radix_cursor_end(&c);
    assert_int_equal(raw(&r, path, 3), 0x7001);
    assert_int_equal(radix_map(&r, G1 + 4 * M2, (paddr_t){M2}, 21, RADIX_READ),
                     RADIX_OK);
    path[1] = 4;
    assert_int_equal(raw(&r, path, 2), M2 | 0x81);
    assert_int_equal(radix_check(&r, 4 * G1, 30, 1), RADIX_BAD_SIZE);
    assert_int_equal(radix_check(&r, (uint64_t)1 << 39, 12, 1),
                     RADIX_BAD_RANGE);
    radix_vtd_format(&f, 4, K4 | M2 | G1, false);
    assert_int_equal(f.input_bits, 48);
}

static void test_errors_change_nothing(void **state)
{
    struct radix r;
    struct radix_leaf leaf;
    uint64_t top = (uint64_t)1 << 47, va = 0;

    (void)state;
    make(&r, &radix_cpu, 2);
    assert_int_equal(radix_map(&r, 0, (paddr_t){0}, 12, 1), RADIX_NEED_TABLES);
    assert_int_equal(radix_tables_needed(&r, 0, 12, 1), 3);
    assert_int_equal(radix_check(&r, K4 + 1, 12, 1), RADIX_BAD_ALIGN);
    assert_int_equal(radix_check(&r, K4, 21, 1), RADIX_BAD_ALIGN);
    assert_int_equal(radix_check(&r, 0, 13, 1), RADIX_BAD_SIZE);
    assert_int_equal(radix_check(&r, 0, 200, 1), RADIX_BAD_SIZE);
    assert_int_equal(radix_check(&r, 0, 30, 1), RADIX_BAD_SIZE);
    assert_int_equal(radix_check(&r, top, 12, 1), RADIX_BAD_RANGE);
    assert_int_equal(radix_check(&r, top - K4, 12, 2), RADIX_BAD_RANGE);
    assert_int_equal(radix_check(&r, ~(K4 - 1), 12, 1), RADIX_BAD_RANGE);
    assert_int_equal(radix_map(&r, 0, (paddr_t){K4}, 21, 1), RADIX_BAD_ALIGN);
    assert_int_equal(radix_map(&r, 0, (paddr_t){(uint64_t)1 << 52}, 21, 1),
                     RADIX_BAD_RANGE);
    assert_int_equal(r.pool_count, 2);
    assert_int_equal(r.used_count, 0);
    assert_int_equal(radix_next(&r, &va, &leaf), RADIX_ABSENT);
    /* The last page of the range can be mapped. */
    radix_donate(&r, page_take());
    assert_int_equal(radix_map(&r, top - K4, (paddr_t){0}, 12, 1), RADIX_OK);
}

static void test_batch(void **state)
{
    enum { N = 700 };
    struct radix r;
    struct radix_cursor c;
    uint64_t first = G1 - 200 * K4, va = 0;

    (void)state;
    make(&r, &radix_cpu, 5);
    /* 700 pages across a 1 GiB boundary: last-level tables for 200 + 500
     * pages, two above them, one at the top. */
    assert_int_equal(radix_tables_needed(&r, first, 12, N), 5);
    assert_int_equal(radix_check(&r, first, 12, N), RADIX_OK);
    radix_cursor_begin(&c, &r, first, 12, RADIX_READ | RADIX_USER);
    for (uint64_t i = 0; i < N; i++)
        radix_cursor_put(&c, (paddr_t){(N - i) * K4});
    radix_cursor_end(&c);
    assert_int_equal(r.pool_count, 0);
    assert_int_equal(radix_tables_needed(&r, first, 12, N), 0);
    for (uint64_t i = 0; i < N; i++) {
        struct radix_leaf leaf;
        enum radix_status s;
        while ((s = radix_next(&r, &va, &leaf)) == RADIX_AGAIN)
            ;
        assert_int_equal(s, RADIX_OK);
        assert_int_equal(leaf.va, first + i * K4);
        assert_int_equal(leaf.pa.v, (N - i) * K4);
    }
    /* One page in the way of a batch is found wherever it lies. */
    for (uint64_t i = 1; i < N; i++)
        unmap(&r, first + (i - 1) * K4, 12);
    assert_int_equal(radix_check(&r, first, 12, N), RADIX_OVERLAP);
    assert_int_equal(radix_check(&r, first, 12, N - 1), RADIX_OK);
    unmap(&r, first + (N - 1) * K4, 12);
    assert_int_equal(radix_check(&r, first, 12, N), RADIX_OK);
}

static void test_next_is_bounded(void **state)
{
    struct radix r;
    struct radix_leaf leaf;
    uint64_t va = 0;
    unsigned again = 0;

    (void)state;
    make(&r, &radix_cpu, 20);
    /* Empty last-level tables are left behind by unmap. */
    for (uint64_t i = 0; i < 17; i++) {
        assert_int_equal(radix_map(&r, i * M2, (paddr_t){0}, 12, 1), RADIX_OK);
        unmap(&r, i * M2, 12);
    }
    assert_int_equal(radix_map(&r, 16 * M2, (paddr_t){M2}, 12, 1), RADIX_OK);
    enum radix_status s;
    while ((s = radix_next(&r, &va, &leaf)) == RADIX_AGAIN)
        again++;
    assert_int_equal(s, RADIX_OK);
    assert_int_equal(leaf.va, 16 * M2);
    assert_int_equal(again, 16); /* 16 empty tables, one a step */
}

/* Spans are cut at the end of each table. */
static void test_span(void **state)
{
    struct radix r;
    struct radix_cursor c;
    struct radix_leaf leaf;
    uint64_t first = M2 - 3 * K4, n = 10;

    (void)state;
    make(&r, &radix_cpu, 5);
    radix_cursor_begin(&c, &r, first, 12, RADIX_READ);
    uint64_t *slot = radix_cursor_span(&c, &n);
    assert_int_equal(n, 3);
    for (uint64_t i = 0; i < 3; i++)
        slot[i] = i * K4 | c.bits;
    n = 7;
    slot = radix_cursor_span(&c, &n);
    assert_int_equal(n, 7);
    for (uint64_t i = 0; i < 7; i++)
        slot[i] = (i + 3) * K4 | c.bits;
    radix_cursor_end(&c);
    for (uint64_t i = 0; i < 10; i++) {
        assert_int_equal(next(&r, first + i * K4, &leaf), RADIX_OK);
        assert_int_equal(leaf.va, first + i * K4);
        assert_int_equal(leaf.pa.v, i * K4);
    }
    assert_int_equal(next(&r, first + 10 * K4, &leaf), RADIX_ABSENT);
    assert_int_equal(r.used_count, 4);
    /* The kernel's half of a root is out of reach. */
    r.root[256] = 1;
    assert_int_equal(next(&r, first + 10 * K4, &leaf), RADIX_ABSENT);
}

#define RADIX_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RADIX_TEST(test_cpu_entries), RADIX_TEST(test_superpages),
        RADIX_TEST(test_vtd_entries), RADIX_TEST(test_errors_change_nothing),
        RADIX_TEST(test_batch),       RADIX_TEST(test_next_is_bounded),
        RADIX_TEST(test_span),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
