/*
 * Rings between parties that do not trust each other: order and completeness
 * with two real threads, batches, waking, and what a hostile other side can
 * and cannot do.
 *
 * links: libsys/ring.c
 * libs: -lpthread
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <cordon/ring.h>

#define ENTRIES 8u

struct pair {
    struct ring producer, consumer;
    struct ring_shared *shared;
};

static void make(struct pair *p, uint32_t entries, uint32_t entry_bytes)
{
    size_t bytes = ring_bytes(entries, entry_bytes);
    size_t whole = (bytes + 63) & ~63ul;

    assert_true(bytes != 0);
    p->shared = aligned_alloc(64, whole);
    memset(p->shared, 0, whole);
    assert_true(ring_attach(&p->producer, p->shared, bytes, entries,
                            entry_bytes, true));
    assert_true(ring_attach(&p->consumer, p->shared, bytes, entries,
                            entry_bytes, false));
}

static void shapes_are_checked(void **state)
{
    static _Alignas(64) uint8_t memory[4096];
    struct ring r;

    (void)state;
    assert_int_equal(ring_bytes(0, 8), 0);
    assert_int_equal(ring_bytes(3, 8), 0);
    assert_int_equal(ring_bytes(2 * RING_MAX_ENTRIES, 8), 0);
    assert_int_equal(ring_bytes(8, 0), 0);
    assert_int_equal(ring_bytes(8, 12), 0);
    assert_int_equal(ring_bytes(8, RING_MAX_ENTRY + 8), 0);
    assert_int_equal(ring_bytes(8, 16), sizeof(struct ring_shared) + 128);
    assert_false(ring_attach(&r, memory, ring_bytes(8, 16) - 1, 8, 16, true));
    assert_false(ring_attach(&r, memory + 8, 4000, 8, 16, true));
    assert_true(ring_attach(&r, memory, ring_bytes(8, 16), 8, 16, true));
}

static void entries_come_in_order(void **state)
{
    struct pair p;
    uint64_t e, put = 0, got = 0;

    (void)state;
    make(&p, ENTRIES, 8);
    for (int round = 0; round < 100; round++) {
        while (ring_put(&p.producer, &put) == RING_OK)
            put++;
        assert_int_equal(put - got, ENTRIES);
        if (round == 0) /* staged is not yet visible */
            assert_int_equal(ring_get(&p.consumer, &e), RING_EMPTY);
        ring_publish(&p.producer);
        for (int i = 0; i < round % 9; i++) {
            assert_int_equal(ring_get(&p.consumer, &e), RING_OK);
            assert_int_equal(e, got++);
        }
        /* Places are the producer's again only after the release. */
        assert_int_equal(ring_space(&p.producer), 0);
        ring_release(&p.consumer);
        assert_int_equal(ring_space(&p.producer), round % 9);
        assert_int_equal(ring_waiting(&p.consumer), put - got);
    }
    free(p.shared);
}

static void positions_wrap(void **state)
{
    struct pair p;
    uint64_t e;

    (void)state;
    make(&p, ENTRIES, 8);
    p.shared->producer.position = p.shared->consumer.position = 0xfffffffd;
    p.producer.mine = p.producer.published = p.producer.theirs = 0xfffffffd;
    p.consumer.mine = p.consumer.published = p.consumer.theirs = 0xfffffffd;
    for (uint64_t i = 0; i < 40; i++) {
        assert_int_equal(ring_put(&p.producer, &i), RING_OK);
        ring_publish(&p.producer);
        assert_int_equal(ring_get(&p.consumer, &e), RING_OK);
        assert_int_equal(e, i);
        ring_release(&p.consumer);
    }
    free(p.shared);
}

static void waking_only_who_sleeps(void **state)
{
    struct pair p;
    uint64_t e = 7;

    (void)state;
    make(&p, ENTRIES, 8);
    ring_put(&p.producer, &e);
    assert_false(ring_publish(&p.producer));   /* the consumer is awake */
    assert_false(ring_may_sleep(&p.consumer)); /* there is something */
    assert_int_equal(ring_get(&p.consumer, &e), RING_OK);
    assert_true(ring_may_sleep(&p.consumer));
    assert_false(ring_publish(&p.producer)); /* nothing new to tell */
    ring_put(&p.producer, &e);
    assert_true(ring_publish(&p.producer));
    ring_awake(&p.consumer);
    for (unsigned i = 0; i < ENTRIES - 1; i++)
        assert_int_equal(ring_put(&p.producer, &e),
                         i < ENTRIES - 2 ? RING_OK : RING_FULL);
    assert_false(ring_publish(&p.producer));
    assert_true(ring_may_sleep(&p.producer));
    assert_true(ring_release(&p.consumer));
    free(p.shared);
}

/* A position that the other side cannot have: the ring is given up for good,
 * also when the position becomes good again. */
static void corrupt_positions_are_refused(void **state)
{
    struct pair p;
    uint64_t e = 1;

    (void)state;
    make(&p, ENTRIES, 8);
    p.shared->producer.position = ENTRIES + 1; /* more than fits */
    assert_int_equal(ring_get(&p.consumer, &e), RING_CORRUPT);
    p.shared->producer.position = 1;
    assert_int_equal(ring_get(&p.consumer, &e), RING_CORRUPT);
    assert_false(ring_may_sleep(&p.consumer));
    free(p.shared);

    make(&p, ENTRIES, 8);
    p.shared->consumer.position = 1; /* beyond what was published */
    for (unsigned i = 0; i < ENTRIES; i++)
        assert_int_equal(ring_put(&p.producer, &e), RING_OK);
    assert_int_equal(ring_put(&p.producer, &e), RING_CORRUPT);
    free(p.shared);

    make(&p, ENTRIES, 8);
    ring_put(&p.producer, &e);
    ring_publish(&p.producer);
    assert_int_equal(ring_get(&p.consumer, &e), RING_OK);
    p.shared->producer.position = 0; /* backwards */
    assert_int_equal(ring_get(&p.consumer, &e), RING_CORRUPT);
    free(p.shared);
}

#define MANY 200000u

static void *produce(void *arg)
{
    struct ring *r = arg;

    for (uint64_t i = 0; i < MANY;) {
        uint64_t e[2] = {i, ~i};

        if (ring_put(r, e) != RING_OK) {
            ring_publish(r);
            sched_yield();
            continue;
        }
        if (++i % 3 == 0)
            ring_publish(r);
    }
    ring_publish(r);
    return NULL;
}

static void two_threads(void **state)
{
    struct pair p;
    pthread_t thread;
    uint64_t e[2];

    (void)state;
    make(&p, 64, 16);
    pthread_create(&thread, NULL, produce, &p.producer);
    for (uint64_t i = 0; i < MANY;) {
        enum ring_status s = ring_get(&p.consumer, e);

        if (s == RING_EMPTY) {
            ring_release(&p.consumer);
            sched_yield();
            continue;
        }
        assert_int_equal(s, RING_OK);
        assert_int_equal(e[0], i);
        assert_int_equal(e[1], ~i);
        i++;
    }
    pthread_join(thread, NULL);
    assert_int_equal(ring_get(&p.consumer, e), RING_EMPTY);
    free(p.shared);
}

/* Nobody is ever left asleep with work waiting: a lost wake-up hangs this. */
struct bell {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    unsigned rung;
};

static void ring_bell(struct bell *b)
{
    pthread_mutex_lock(&b->mutex);
    b->rung = 1;
    pthread_cond_signal(&b->cond);
    pthread_mutex_unlock(&b->mutex);
}

static void wait_bell(struct bell *b)
{
    pthread_mutex_lock(&b->mutex);
    while (!b->rung)
        pthread_cond_wait(&b->cond, &b->mutex);
    b->rung = 0;
    pthread_mutex_unlock(&b->mutex);
}

static struct bell to_consumer = {PTHREAD_MUTEX_INITIALIZER,
                                  PTHREAD_COND_INITIALIZER, 0};
static struct bell to_producer = {PTHREAD_MUTEX_INITIALIZER,
                                  PTHREAD_COND_INITIALIZER, 0};

static void *produce_asleep(void *arg)
{
    struct ring *r = arg;

    for (uint64_t i = 0; i < MANY / 10;) {
        if (ring_put(r, &i) == RING_OK) {
            i++;
            continue;
        }
        if (ring_publish(r))
            ring_bell(&to_consumer);
        if (ring_may_sleep(r))
            wait_bell(&to_producer);
        ring_awake(r);
    }
    if (ring_publish(r))
        ring_bell(&to_consumer);
    return NULL;
}

static void no_wakeup_is_lost(void **state)
{
    struct pair p;
    pthread_t thread;
    uint64_t e;

    (void)state;
    make(&p, 4, 8);
    pthread_create(&thread, NULL, produce_asleep, &p.producer);
    for (uint64_t i = 0; i < MANY / 10;) {
        if (ring_get(&p.consumer, &e) == RING_OK) {
            assert_int_equal(e, i++);
            continue;
        }
        if (ring_release(&p.consumer))
            ring_bell(&to_producer);
        if (ring_may_sleep(&p.consumer))
            wait_bell(&to_consumer);
        ring_awake(&p.consumer);
    }
    pthread_join(thread, NULL);
    free(p.shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_are_checked),
        cmocka_unit_test(entries_come_in_order),
        cmocka_unit_test(positions_wrap),
        cmocka_unit_test(waking_only_who_sleeps),
        cmocka_unit_test(corrupt_positions_are_refused),
        cmocka_unit_test(two_threads),
        cmocka_unit_test(no_wakeup_is_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
