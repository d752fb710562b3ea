/*
 * The network stack's heap and checksum.
 *
 * links: servers/net/heap.c servers/net/checksum.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "servers/net/checksum.h"
#include "servers/net/heap.h"

#define CHUNKS 16u
#define BLOCKS 4000u

static uint8_t memory[CHUNKS * HEAP_CHUNK];

static int start(void **state)
{
    (void)state;
    heap_start(memory, sizeof(memory));
    return 0;
}

struct held {
    uint8_t *at;
    size_t bytes;
    uint8_t mark;
};

static void give(struct held *h)
{
    for (size_t i = 0; i < h->bytes; i++)
        assert_int_equal(h->at[i], h->mark);
    heap_give(h->at);
    h->at = NULL;
}

static void take(struct held *h, size_t bytes, uint8_t mark)
{
    h->at = heap_take(bytes);
    if (h->at == NULL)
        return;
    assert_true(h->at >= memory && h->at + bytes <= memory + sizeof(memory));
    assert_int_equal((uintptr_t)h->at % 8, (uintptr_t)memory % 8);
    h->bytes = bytes;
    h->mark = mark;
    memset(h->at, mark, bytes);
}

/* No two blocks share a byte, whatever the order of taking and giving. */
static void test_blocks_are_ones_own(void **state)
{
    static struct held held[BLOCKS];

    (void)state;
    srand(1);
    for (unsigned i = 0; i < 200000; i++) {
        struct held *h = &held[(unsigned)rand() % BLOCKS];
        size_t most = rand() % 50 == 0 ? HEAP_BLOCK_MAX : 1700;

        if (h->at != NULL)
            give(h);
        else
            take(h, (size_t)rand() % most, (uint8_t)i);
    }
    for (unsigned i = 0; i < BLOCKS; i++)
        if (held[i].at != NULL)
            give(&held[i]);
    assert_true(heap_chunks_free() >= CHUNKS - 8); /* one of each size */
}

/* Small blocks up to the brim: then none of another size, until they go. */
static void test_no_size_keeps_what_it_had(void **state)
{
    static uint8_t *small[sizeof(memory) / 128 + 1];
    uint8_t *large;
    unsigned count = 0;

    (void)state;
    while ((small[count] = heap_take(100)) != NULL)
        count++;
    assert_int_equal(count, sizeof(memory) / 128);
    assert_int_equal(heap_chunks_free(), 0);
    assert_null(heap_take(1600));
    while (count > 0)
        heap_give(small[--count]);
    assert_int_equal(heap_chunks_free(), CHUNKS - 1);
    for (unsigned i = 0; i < 2 * (CHUNKS - 1); i++)
        assert_non_null(heap_take(HEAP_BLOCK_MAX));
    large = heap_take(HEAP_BLOCK_MAX);
    assert_null(large);
}

static void test_bounds(void **state)
{
    uint8_t *zeroed, *used;

    (void)state;
    assert_null(heap_take(HEAP_BLOCK_MAX + 1));
    assert_null(heap_take_zeroed(SIZE_MAX / 2, 4));
    used = heap_take(300);
    memset(used, 0xff, 300);
    heap_give(used);
    zeroed = heap_take_zeroed(30, 10);
    assert_ptr_equal(zeroed, used);
    for (unsigned i = 0; i < 300; i++)
        assert_int_equal(zeroed[i], 0);
    assert_non_null(heap_take(0));
}

/* As RFC 1071, 4.1 has it. */
static uint16_t plain_sum(const uint8_t *data, int bytes)
{
    uint32_t sum = 0;
    uint16_t word;

    for (; bytes > 1; bytes -= 2, data += 2) {
        memcpy(&word, data, sizeof(word));
        sum += word;
    }
    if (bytes > 0)
        sum += *data;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

static void test_checksum(void **state)
{
    static uint8_t data[65536 + 8];

    (void)state;
    srand(2);
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)rand();
    for (int bytes = 0; bytes < 400; bytes++)
        for (int from = 0; from < 8; from++)
            assert_int_equal(checksum_sum(data + from, bytes),
                             plain_sum(data + from, bytes));
    assert_int_equal(checksum_sum(data, 65536), plain_sum(data, 65536));
    memset(data, 0xff, sizeof(data)); /* every addition carries */
    for (int bytes = 0; bytes < 400; bytes++)
        assert_int_equal(checksum_sum(data, bytes), plain_sum(data, bytes));
    assert_int_equal(checksum_sum(data, 65536), 0xffff);
    memset(data, 0, sizeof(data));
    assert_int_equal(checksum_sum(data, 1500), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_blocks_are_ones_own, start),
        cmocka_unit_test_setup(test_no_size_keeps_what_it_had, start),
        cmocka_unit_test_setup(test_bounds, start),
        cmocka_unit_test(test_checksum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
