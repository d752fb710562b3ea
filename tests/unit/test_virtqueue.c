/*
 * Split virtqueues (VIRTIO 1.2, 2.7): chains out and back in order, doorbells,
 * and a device that lies.
 *
 * links: drivers/virtio/queue.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "drivers/virtio/queue.h"

#define ENTRIES 8u
#define IOVA    0x10000ull

static struct virtqueue q;
static void *memory;
static uint8_t doorbell[4];

static int setup(void **state)
{
    (void)state;
    memory = aligned_alloc(64, (virtqueue_bytes(ENTRIES) + 63) & ~63ul);
    virtqueue_place(&q, memory, (iova_t){IOVA}, ENTRIES);
    q.doorbell = doorbell;
    q.number = 3;
    doorbell[0] = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(memory);
    return 0;
}

static uint32_t give(uint32_t count, uint32_t what)
{
    uint32_t head = virtqueue_reserve(&q, count);

    for (uint32_t i = 0; i < count; i++)
        virtqueue_fill(&q, head, i, 0x1000 * i, 100 + i, i + 1 == count,
                       i + 1 < count);
    virtqueue_give(&q, head, count, what);
    return head;
}

/* The device's part. */
static void end(uint32_t head, uint32_t bytes)
{
    q.used->ring[q.used->index % ENTRIES].id = head;
    q.used->ring[q.used->index % ENTRIES].bytes = bytes;
    q.used->index++;
}

static void layout(void **state)
{
    (void)state;
    /* 2.7: 16 bytes each; 6 + 2 each; 6 + 8 each; aligned more than needed. */
    assert_int_equal(q.avail_iova.v - IOVA, 16 * ENTRIES);
    assert_int_equal(q.used_iova.v - q.avail_iova.v, 64);
    assert_int_equal(virtqueue_bytes(ENTRIES), 16 * ENTRIES + 64 + 128);
    assert_int_equal(virtqueue_bytes(256), 4096 + 576 + 2112);
    assert_int_equal(sizeof(struct virtqueue_descriptor), 16);
    assert_int_equal(offsetof(struct virtqueue_avail, ring), 4);
    assert_int_equal(offsetof(struct virtqueue_used, ring), 4);
    assert_int_equal(q.avail->flags, 1); /* no interrupts yet */
}

static void chains_go_round(void **state)
{
    uint32_t what, bytes;

    (void)state;
    for (uint32_t round = 0; round < 1000; round++) {
        uint32_t a = give(3, round), b = give(2, round + 1);

        assert_int_equal(q.free_descriptors, 3);
        assert_int_equal(b, (a + 3) % ENTRIES);
        assert_int_equal(q.descriptors[a].flags, DESCRIPTOR_NEXT);
        assert_int_equal(q.descriptors[a].next, (a + 1) % ENTRIES);
        assert_int_equal(q.descriptors[(a + 2) % ENTRIES].flags,
                         DESCRIPTOR_WRITE);
        assert_int_equal(q.avail->index, (uint16_t)(2 * round));
        doorbell[0] = 0;
        virtqueue_kick(&q);
        assert_int_equal(doorbell[0], 3);
        assert_int_equal(q.avail->index, (uint16_t)(2 * round + 2));
        assert_int_equal(q.avail->ring[2 * round % ENTRIES], a);
        assert_false(virtqueue_take(&q, &what, &bytes));
        end(a, 50);
        end(b, 60);
        assert_true(virtqueue_take(&q, &what, &bytes));
        assert_int_equal(what, round);
        assert_int_equal(bytes, 50);
        assert_true(virtqueue_take(&q, &what, &bytes));
        assert_int_equal(what, round + 1);
        assert_false(virtqueue_take(&q, &what, &bytes));
        assert_int_equal(q.free_descriptors, ENTRIES);
    }
    assert_false(q.lied);
}

static void doorbells_are_saved(void **state)
{
    (void)state;
    virtqueue_kick(&q); /* nothing new */
    assert_int_equal(doorbell[0], 0);
    q.used->flags = 1; /* the device is busy and will look by itself */
    give(1, 0);
    virtqueue_kick(&q);
    assert_int_equal(doorbell[0], 0);
    assert_int_equal(q.avail->index, 1);
}

static void interrupts_on_and_off(void **state)
{
    uint32_t what, bytes, head = give(1, 7);

    (void)state;
    virtqueue_kick(&q);
    assert_false(virtqueue_listen(&q));
    assert_int_equal(q.avail->flags, 0);
    end(head, 1);
    assert_true(virtqueue_take(&q, &what, &bytes));
    assert_int_equal(q.avail->flags, 1);
    head = give(1, 8);
    virtqueue_kick(&q);
    end(head, 1);
    assert_true(virtqueue_listen(&q)); /* it came before we listened */
}

static void lies(void **state)
{
    uint32_t what, bytes;

    (void)state;
    end(0, 1); /* a chain that it was never given */
    assert_false(virtqueue_take(&q, &what, &bytes));
    assert_true(q.lied);
    assert_false(virtqueue_listen(&q));
}

static void lies_about_the_order(void **state)
{
    uint32_t what, bytes, second;

    (void)state;
    give(1, 1);
    second = give(1, 2);
    virtqueue_kick(&q);
    end(second, 1);
    assert_false(virtqueue_take(&q, &what, &bytes));
    assert_true(q.lied);
    end(0, 1);
    assert_false(virtqueue_take(&q, &what, &bytes)); /* for good */
}

static void lies_about_the_number(void **state)
{
    uint32_t what, bytes, head = give(1, 1);

    (void)state;
    virtqueue_kick(&q);
    q.used->ring[0].id = head;
    q.used->index = 40000;
    assert_false(virtqueue_take(&q, &what, &bytes));
    assert_true(q.lied);
}

/* What was staged and not shown cannot have come back. */
static void lies_about_what_it_has_not_seen(void **state)
{
    uint32_t what, bytes, head = give(1, 1);

    (void)state;
    end(head, 1);
    assert_false(virtqueue_take(&q, &what, &bytes));
    assert_true(q.lied);
}

/* In any order: whatever head the device names is the caller's to judge. */
static void ends_in_any_order(void **state)
{
    uint32_t head, bytes;

    (void)state;
    for (uint32_t round = 0; round < 100; round++) {
        virtqueue_give(&q, 0, 2, 0);
        virtqueue_give(&q, 2, 2, 0);
        virtqueue_kick(&q);
        end(2, 20);
        end(0, 10);
        assert_true(virtqueue_take_any(&q, &head, &bytes));
        assert_int_equal(head, 2);
        assert_int_equal(bytes, 20);
        assert_true(virtqueue_take_any(&q, &head, &bytes));
        assert_int_equal(head, 0);
        assert_false(virtqueue_take_any(&q, &head, &bytes));
    }
    end(0, 1); /* more than it has */
    assert_false(virtqueue_take_any(&q, &head, &bytes));
    assert_true(q.lied);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(layout),
        TEST(chains_go_round),
        TEST(doorbells_are_saved),
        TEST(interrupts_on_and_off),
        TEST(ends_in_any_order),
        TEST(lies),
        TEST(lies_about_the_order),
        TEST(lies_about_the_number),
        TEST(lies_about_what_it_has_not_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
