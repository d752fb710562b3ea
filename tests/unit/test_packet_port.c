/*
 * A client's rings from the serving side: what a hostile client writes is
 * refused, the order of ends is kept, and nothing outside its pools gets out.
 *
 * links: libsys/packet_port.c libsys/ring.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <cordon/packet_server.h>

#define BASE  0x1000000ull
#define BYTES 0x10000u

/* The server's port and the client's ends of its rings. */
struct pair {
    struct packet_port port;
    struct packet_shared *shared;
    struct ring posts, arrivals, sends;
};

static void attach(struct ring *r, void *at, size_t bytes, uint32_t entry,
                   bool producer)
{
    assert_true(
        ring_attach(r, at, bytes, PACKET_RING_ENTRIES, entry, producer));
}

static int setup(void **state)
{
    struct pair *p = calloc(1, sizeof(*p));
    struct packet_port_queue *q = &p->port.queues[0];
    struct packet_shared *s = aligned_alloc(64, sizeof(*s));

    memset(s, 0, sizeof(*s));
    p->shared = q->shared = s;
    p->port.open = true;
    p->port.queue_count = 1;
    p->port.mtu = 1500;
    p->port.features =
        PACKET_CAN_CHECKSUM_SEND | PACKET_CAN_CHECKSUM_IP | PACKET_CAN_TSO4;
    p->port.pools[1] = (struct packet_port_pool){
        .base = BASE, .bytes = BYTES, .writable = true};
    p->port.pools[2] =
        (struct packet_port_pool){.base = 2 * BASE, .bytes = BYTES};
    attach(&q->posts, s->posts, sizeof(s->posts), 8, false);
    attach(&q->arrivals, s->arrivals, sizeof(s->arrivals), 8, true);
    attach(&q->sends, s->sends, sizeof(s->sends), 16, false);
    attach(&p->posts, s->posts, sizeof(s->posts), 8, true);
    attach(&p->arrivals, s->arrivals, sizeof(s->arrivals), 8, false);
    attach(&p->sends, s->sends, sizeof(s->sends), 16, true);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct pair *p = *state;

    free(p->shared);
    free(p);
    return 0;
}

static void post(struct pair *p, uint32_t pool, uint32_t offset)
{
    const struct packet_buffer b = {.offset = offset, .pool = (uint16_t)pool};

    assert_int_equal(ring_put(&p->posts, &b), RING_OK);
    ring_publish(&p->posts);
}

static void send(struct pair *p, struct packet_send e)
{
    assert_int_equal(ring_put(&p->sends, &e), RING_OK);
    ring_publish(&p->sends);
}

static struct packet_send plain(uint32_t offset, uint32_t bytes)
{
    return (struct packet_send){
        .offset = offset, .bytes = (uint16_t)bytes, .pool = 1};
}

static uint32_t sends(struct pair *p, struct packet_piece *pieces)
{
    return packet_port_sends(&p->port, 0, pieces, 64);
}

static void posts_are_checked(void **state)
{
    static const struct {
        uint32_t pool, offset;
        bool good;
    } cases[] = {
        {1, 0, true},
        {1, BYTES - PACKET_BUFFER_BYTES, true},
        {1, BYTES - PACKET_BUFFER_BYTES + 1, false},
        {1, UINT32_MAX, false},
        {0, 0, false},                /* nothing lent */
        {2, 0, false},                /* lent to read only */
        {PACKET_MAX_POOLS, 0, false}, /* no such */
        {PACKET_MAX_POOLS + 1, 0, false},
        {65535, 0, false},
    };
    struct pair *p = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t at = 0;

        post(p, cases[i].pool, cases[i].offset);
        if (cases[i].good) {
            assert_int_equal(packet_port_posts(&p->port, 0, &at, 1), 1);
            assert_int_equal(at, BASE + cases[i].offset);
            assert_false(p->port.broken);
            continue;
        }
        assert_int_equal(packet_port_posts(&p->port, 0, &at, 1), 0);
        assert_true(p->port.broken);
        p->port.broken = false;
        ring_pass(&p->port.queues[0].posts, 1); /* on to the next case */
    }
}

static void posts_are_bounded(void **state)
{
    uint64_t at[2 * PACKET_RING_ENTRIES];
    struct pair *p = *state;

    for (uint32_t i = 0; i < PACKET_RING_ENTRIES; i++)
        post(p, 1, 0);
    assert_int_equal(packet_port_posts(&p->port, 0, at, 100), 100);
    assert_int_equal(
        packet_port_posts(&p->port, 0, at, 2 * PACKET_RING_ENTRIES),
        PACKET_RING_ENTRIES - 100);
    packet_port_publish(&p->port);
    /* More without an arrival than the ring has are left where they are, and no
     * reason to stay awake. */
    post(p, 1, 0);
    assert_int_equal(packet_port_posts(&p->port, 0, at, 100), 0);
    assert_true(packet_port_may_sleep(&p->port));
}

static void arrivals_come_in_order(void **state)
{
    struct packet_shared_arrival a[3] = {
        {60, PACKET_L4_GOOD, 7}, {61, 0, 8}, {0, PACKET_NOTHING, 0}};
    struct packet_shared_arrival seen;
    uint64_t at[3];
    struct pair *p = *state;

    for (uint32_t i = 0; i < 3; i++)
        post(p, 1, i * 4096);
    assert_int_equal(packet_port_posts(&p->port, 0, at, 3), 3);
    packet_port_arrive(&p->port, 0, a, 3);
    assert_int_equal(ring_get(&p->arrivals, &seen), RING_EMPTY);
    packet_port_publish(&p->port);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(ring_get(&p->arrivals, &seen), RING_OK);
        assert_memory_equal(&seen, &a[i], sizeof(seen));
    }
    assert_false(p->port.broken);
    packet_port_arrive(&p->port, 0, a, 1); /* about nothing */
    assert_true(p->port.broken);
}

static void sends_are_checked(void **state)
{
    const struct {
        struct packet_send e;
        bool good;
    } cases[] = {
        {plain(0, 14), true},
        {plain(0, 13), false},
        {plain(0, PACKET_FRAME_MAX), true},
        {plain(0, PACKET_FRAME_MAX + 1), false},
        {plain(0, 0), false},
        {plain(BYTES - 60, 60), true},
        {plain(BYTES - 59, 60), false},
        {plain(UINT32_MAX, 60), false},
        {{.bytes = 60, .pool = 2}, true}, /* read-only is enough to send */
        {{.bytes = 60, .pool = 0}, false},
        {{.bytes = 60, .pool = PACKET_MAX_POOLS + 1}, false},
        {{.bytes = 60, .pool = 1, .flags = 64}, false},
        {{.bytes = 60, .pool = 1, .reserved0 = 1}, false},
        {{.bytes = 60, .pool = 1, .reserved1 = 1}, false},
    };
    struct packet_piece pieces[64];
    struct pair *p = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t before = p->port.refused;

        send(p, cases[i].e);
        assert_int_equal(sends(p, pieces), cases[i].good);
        assert_int_equal(p->port.refused - before, !cases[i].good);
        if (cases[i].good) {
            assert_int_equal(pieces[0].at,
                             cases[i].e.pool * BASE + cases[i].e.offset);
            assert_int_equal(pieces[0].packet_bytes, cases[i].e.bytes);
            packet_port_sent(&p->port, 0, 1);
        }
        assert_int_equal(ring_space(&p->sends), PACKET_RING_ENTRIES);
    }
}

/* Headers that an offload needs lie in the first entry, in sizes that are. */
static void offloads_are_checked(void **state)
{
    const struct packet_send tso = {.pool = 1,
                                    .bytes = 5000,
                                    .l2_bytes = 14,
                                    .l3_bytes = 20,
                                    .l4_bytes = 20,
                                    .mss = 1400,
                                    .flags = PACKET_SEGMENT | PACKET_SUM_TCP |
                                             PACKET_SUM_IP};
    const struct packet_send sum = {.pool = 1,
                                    .bytes = 60,
                                    .l2_bytes = 14,
                                    .l3_bytes = 20,
                                    .flags = PACKET_SUM_UDP};
    struct packet_piece piece;
    struct pair *p = *state;
    struct packet_send e;

#define GOOD(what, field, value)                                               \
    e = what, e.field = value,                                                 \
    assert_true(packet_port_check(&p->port, &e, 1, &piece))
#define BAD(what, field, value)                                                \
    e = what, e.field = value,                                                 \
    assert_false(packet_port_check(&p->port, &e, 1, &piece))
    GOOD(sum, bytes, 60);
    GOOD(sum, bytes, 42);
    BAD(sum, bytes, 41);
    BAD(sum, l2_bytes, 13);
    BAD(sum, l2_bytes, 23);
    BAD(sum, l3_bytes, 19);
    BAD(sum, l3_bytes, 22);
    GOOD(sum, l3_bytes, 24);
    BAD(sum, l3_bytes, 252);
    BAD(sum, flags, PACKET_SUM_UDP | PACKET_SUM_TCP);
    BAD(sum, flags, PACKET_SUM_UDP | PACKET_IPV6);
    GOOD(tso, bytes, 65535);
    GOOD(tso, bytes, 55);
    BAD(tso, bytes, 54); /* no data */
    BAD(tso, mss, PACKET_MSS_MIN - 1);
    GOOD(tso, mss, 1460);
    BAD(tso, mss, 1461);
    BAD(tso, mss, 65535);
    BAD(tso, l4_bytes, 16);
    BAD(tso, l4_bytes, 64);
    BAD(tso, l4_bytes, 21);
    BAD(tso, flags, PACKET_SEGMENT | PACKET_SUM_TCP);
    BAD(tso, flags, PACKET_SEGMENT | PACKET_SUM_IP);
    BAD(tso, flags, PACKET_SEGMENT | PACKET_SUM_TCP | PACKET_IPV6);
    p->port.features = PACKET_CAN_CHECKSUM_SEND | PACKET_CAN_CHECKSUM_IP;
    BAD(tso, mss, 1400);
    p->port.features = PACKET_CAN_CHECKSUM_SEND;
    GOOD(sum, bytes, 60);
    BAD(sum, flags, PACKET_SUM_UDP | PACKET_SUM_IP);
    p->port.features = 0;
    BAD(sum, bytes, 60);
#undef GOOD
#undef BAD
}

/* What was found good once is not asked again: the rest still is. */
static void a_known_offload_is_still_checked(void **state)
{
    const struct packet_send sum = {.pool = 1,
                                    .bytes = 60,
                                    .l2_bytes = 14,
                                    .l3_bytes = 20,
                                    .flags = PACKET_SUM_UDP};
    struct packet_send wrong[] = {sum, sum, sum, sum, sum, sum, sum};
    struct packet_piece pieces[64];
    struct pair *p = *state;

    wrong[0].bytes = 41; /* less than its headers */
    wrong[1].offset = BYTES - 59;
    wrong[2].pool = 3;
    wrong[3].l2_bytes = 13;
    wrong[4].reserved1 = 1;
    wrong[5].flags |= PACKET_SUM_TCP;
    wrong[6].bytes = PACKET_FRAME_MAX + 1;
    for (uint32_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        send(p, sum);
        send(p, wrong[i]);
        send(p, sum);
        assert_int_equal(sends(p, pieces), 2);
        assert_int_equal(p->port.refused, i + 1);
        assert_int_equal(pieces[1].flags, PACKET_SUM_UDP);
        assert_int_equal(pieces[1].l2_bytes + pieces[1].l3_bytes, 34);
        packet_port_sent(&p->port, 0, 2);
        assert_int_equal(ring_space(&p->sends), PACKET_RING_ENTRIES);
    }
    /* In a later entry of a packet it is as wrong as ever. */
    wrong[0] = sum;
    wrong[0].flags |= PACKET_MORE;
    send(p, wrong[0]);
    send(p, sum);
    assert_int_equal(sends(p, pieces), 0);
}

static void packets_of_several_entries(void **state)
{
    struct packet_send e = plain(0, 100);
    struct packet_piece pieces[64];
    struct pair *p = *state;

    e.flags = PACKET_MORE;
    send(p, e);
    assert_int_equal(sends(p, pieces), 0); /* the end is missing */
    assert_true(packet_port_may_sleep(&p->port));
    send(p, plain(200, 50));
    assert_int_equal(sends(p, pieces), 2);
    assert_int_equal(pieces[0].packet_bytes, 150);
    assert_int_equal(pieces[0].pieces, 2);
    assert_int_equal(pieces[1].at, BASE + 200);
    packet_port_sent(&p->port, 0, 2);
    assert_int_equal(ring_space(&p->sends), PACKET_RING_ENTRIES);
    /* One without an end is cut off and refused. */
    for (uint32_t i = 0; i < PACKET_MAX_SEGMENTS; i++)
        send(p, e);
    assert_int_equal(sends(p, pieces), 0);
    assert_int_equal(p->port.refused, 1);
    assert_int_equal(ring_space(&p->sends), PACKET_RING_ENTRIES);
    /* The last one's offloads do not count, and it may not have any. */
    e.bytes = 100;
    send(p, e);
    e = plain(0, 50);
    e.flags = PACKET_SUM_IP;
    send(p, e);
    assert_int_equal(sends(p, pieces), 0);
    assert_int_equal(p->port.refused, 2);
}

/* Whole packets only, as many as fit. */
static void a_packet_is_not_split(void **state)
{
    struct packet_send e = plain(0, 100);
    struct packet_piece pieces[64];
    struct pair *p = *state;

    send(p, e);
    e.flags = PACKET_MORE;
    send(p, e);
    send(p, plain(0, 100));
    assert_int_equal(packet_port_sends(&p->port, 0, pieces, 2), 1);
    assert_int_equal(packet_port_sends(&p->port, 0, pieces, 2), 2);
}

/* Refused entries between others end in their place. */
static void the_order_of_ends_is_kept(void **state)
{
    struct packet_piece pieces[64];
    struct pair *p = *state;

    for (unsigned round = 0; round < 300; round++) {
        send(p, plain(0, 1)); /* refused: ends at once, nothing is before it */
        send(p, plain(0, 60));
        send(p, plain(0, 2)); /* refused, with the one before */
        send(p, plain(0, 3));
        send(p, plain(0, 60));
        assert_int_equal(sends(p, pieces), 2);
        assert_int_equal(ring_space(&p->sends), PACKET_RING_ENTRIES - 4);
        packet_port_sent(&p->port, 0, 1);
        assert_int_equal(ring_space(&p->sends), PACKET_RING_ENTRIES - 1);
        packet_port_sent(&p->port, 0, 1);
        assert_int_equal(ring_space(&p->sends), PACKET_RING_ENTRIES);
    }
    packet_port_sent(&p->port, 0,
                     1); /* the device lies: nothing is under way */
    assert_int_equal(ring_space(&p->sends), PACKET_RING_ENTRIES);
}

static void everything_can_be_given_back(void **state)
{
    struct packet_shared_arrival seen;
    struct packet_piece pieces[64];
    uint64_t at[4];
    struct pair *p = *state;

    for (uint32_t i = 0; i < 4; i++)
        post(p, 1, 0);
    assert_int_equal(packet_port_posts(&p->port, 0, at, 4), 4);
    send(p, plain(0, 60));
    send(p, plain(0, 60));
    send(p, plain(0, 1));
    assert_int_equal(sends(p, pieces), 2);
    packet_port_forget(&p->port);
    packet_port_publish(&p->port);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(ring_get(&p->arrivals, &seen), RING_OK);
        assert_int_equal(seen.flags, PACKET_NOTHING);
    }
    assert_int_equal(ring_space(&p->sends), PACKET_RING_ENTRIES);
}

static void broken_rings_are_noticed(void **state)
{
    struct packet_piece pieces[64];
    struct pair *p = *state;
    struct ring_shared *shared = (void *)p->shared->sends;

    shared->producer.position = PACKET_RING_ENTRIES + 1;
    assert_int_equal(sends(p, pieces), 0);
    assert_true(p->port.broken);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(posts_are_checked),
        TEST(posts_are_bounded),
        TEST(arrivals_come_in_order),
        TEST(sends_are_checked),
        TEST(offloads_are_checked),
        TEST(a_known_offload_is_still_checked),
        TEST(packets_of_several_entries),
        TEST(a_packet_is_not_split),
        TEST(the_order_of_ends_is_kept),
        TEST(everything_can_be_given_back),
        TEST(broken_rings_are_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
