/*
 * The client of the network service against a model of its server: what is
 * chosen at the start, bytes and datagrams round the rings' ends, when the
 * server is told and woken, and what of the server's words is not believed.
 *
 * links: libsys/message.c libsys/net_error.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/net_model.h"

#define RING    4096u
#define SOCKETS 70u

static struct net *net;

static int setup(void **state)
{
    struct net_options options = {
        .sockets = SOCKETS, .send_bytes = RING, .receive_bytes = RING};

    (void)state;
    model_start(16 << 20, 100);
    return net_open("net", &options, &net);
}

static int teardown(void **state)
{
    unsigned left;

    (void)state;
    net_close(net);
    left = model.caps;
    free(model.arena);
    model.arena = NULL;
    return (int)left; /* no capability is left behind */
}

static unsigned make(enum net_kind kind)
{
    unsigned socket;

    assert_int_equal(net_socket(net, kind, 4, &socket), NET_OK);
    return socket;
}

/* ---- The connection ---- */

static void shape_is(uint64_t memory, uint32_t allowed, uint32_t sockets,
                     uint32_t ring)
{
    struct net *n;

    model_start(memory, allowed);
    assert_int_equal(net_open("net", NULL, &n), NET_OK);
    assert_int_equal(model.shape.sockets, sockets);
    assert_int_equal(model.shape.send_bytes, ring);
    assert_int_equal(model.shape.receive_bytes, ring);
    assert_true(net_arena_bytes(&model.shape) <= memory);
    net_close(n);
    assert_int_equal(model.caps, 0);
    assert_int_equal(model.calls[NET_CALL_CLOSE], 1);
    free(model.arena);
    model.arena = NULL;
}

static void test_takes_what_the_policy_gives(void **state)
{
    (void)state;
    shape_is(64 << 20, 100, 100, 64 << 10);
    shape_is(256 << 10, 8, 8, 8 << 10);
    shape_is(64 << 10, 8, 7, 4 << 10); /* not all of them have room */
    shape_is(64 << 20, 1000, NET_SOCKETS_MAX, 64 << 10);
}

static void test_refuses_to_begin(void **state)
{
    struct net_options few = {.sockets = 1, .send_bytes = 1 << 20};
    struct net_options odd = {.send_bytes = 5000};
    struct net *n;

    (void)state;
    model_start(64 << 10, 8);
    assert_int_equal(net_open("other", NULL, &n), NET_E_DENIED);
    assert_int_equal(net_open("net", &few, &n), NET_E_MEMORY);
    assert_int_equal(net_open("net", &odd, &n), NET_E_REQUEST);
    model.limits.sockets = 0;
    assert_int_equal(net_open("net", NULL, &n), NET_E_DENIED);
    model.limits.protocol = NET_PROTOCOL + 1;
    assert_int_equal(net_open("net", NULL, &n), NET_E_UNSUPPORTED);
    model.dead = true; /* for ten seconds it is asked again */
    assert_int_equal(net_open("net", NULL, &n), NET_E_GONE);
    assert_int_equal(model.caps, 0);
}

static uint64_t lying_call, lying_word, lying_value;

/* One word of one call's answer is another one. */
static void lie_word(struct net_model *s, uint64_t call, struct message *m)
{
    (void)s;
    if (call == lying_call)
        m->w[lying_word] = lying_value;
}

static void lie_label(struct net_model *s, uint64_t call, struct message *m)
{
    (void)s;
    if (call == lying_call)
        m->label = NET_STATUSES;
}

static void lie_short(struct net_model *s, uint64_t call, struct message *m)
{
    (void)s;
    if (call == lying_call)
        m->words = 0;
}

static void opens_corrupt(uint64_t call, uint64_t word, uint64_t value)
{
    struct net *n;

    model_start(1 << 20, 8);
    model.lie = lie_word;
    lying_call = call;
    lying_word = word;
    lying_value = value;
    assert_int_equal(net_open("net", NULL, &n), NET_E_CORRUPT);
    assert_int_equal(model.caps, 0);
    free(model.arena);
    model.arena = NULL;
}

static void test_a_server_that_lies_at_the_start(void **state)
{
    static const uint64_t calls[] = {NET_CALL_INFO, NET_CALL_OPEN,
                                     NET_CALL_FRAMES};
    struct net *n;

    (void)state;
    opens_corrupt(NET_CALL_OPEN, 0, 0); /* Frames */
    opens_corrupt(NET_CALL_OPEN, 0, 1ul << 40);
    opens_corrupt(NET_CALL_OPEN, 1, 30);  /* their size */
    opens_corrupt(NET_CALL_FRAMES, 0, 0); /* how many come */
    opens_corrupt(NET_CALL_FRAMES, 0, 3);
    opens_corrupt(NET_CALL_FRAMES, 0, ~0ul);
    for (unsigned i = 0; i < 3; i++) {
        lying_call = calls[i];
        model_start(1 << 20, 8);
        model.lie = lie_label;
        assert_int_equal(net_open("net", NULL, &n), NET_E_CORRUPT);
        model.lie = lie_short;
        assert_int_equal(net_open("net", NULL, &n), NET_E_CORRUPT);
        assert_int_equal(model.caps, 0);
    }
}

/* ---- Sockets ---- */

static void test_numbers(void **state)
{
    unsigned a = make(NET_TCP), b = make(NET_UDP), c;
    struct net_address peer;

    (void)state;
    assert_int_not_equal(a, b);
    assert_int_equal(net_socket(net, (enum net_kind)9, 4, &c), NET_E_REQUEST);
    assert_int_equal(net_socket(net, NET_TCP, 5, &c), NET_E_REQUEST);
    assert_int_equal(net_accept(net, a, &c, &peer), NET_E_AGAIN);
    model.accept_now = 1;
    assert_int_equal(net_accept(net, a, &c, &peer), NET_OK);
    assert_int_equal(peer.port, 7);
    assert_int_equal(net_socket_close(net, a, false), NET_OK);
    assert_int_equal(net_socket_close(net, a, false), NET_E_SOCKET);
    assert_int_equal(net_take_error(net, a), NET_E_SOCKET);
    assert_int_equal(net_events(net, a), 0);
    for (unsigned i = 2; i < SOCKETS; i++)
        make(NET_TCP);
    assert_int_equal(net_socket(net, NET_TCP, 4, &c), NET_E_LIMIT);
    assert_int_equal(net_state(net), NET_OK);
}

static void number_is_refused(uint64_t value)
{
    unsigned socket;

    lying_call = NET_CALL_SOCKET;
    lying_word = 0;
    lying_value = value;
    model.lie = lie_word;
    assert_int_equal(net_socket(net, NET_TCP, 4, &socket), NET_E_CORRUPT);
    assert_int_equal(net_state(net), NET_E_CORRUPT);
    assert_int_equal(net_events(net, 0), NET_DEAD);
}

static void test_a_number_in_use(void **state)
{
    (void)state;
    number_is_refused(make(NET_TCP));
}

static void test_a_number_beyond_the_arena(void **state)
{
    (void)state;
    number_is_refused(SOCKETS);
}

static void test_an_answer_that_is_too_short(void **state)
{
    unsigned a = make(NET_TCP);
    struct net_address own;

    (void)state;
    lying_call = NET_CALL_NAMES;
    model.lie = lie_short;
    assert_int_equal(net_addresses(net, a, &own, NULL), NET_E_CORRUPT);
}

static void test_errors_and_events(void **state)
{
    unsigned a = make(NET_TCP);
    struct net_socket_shared *s = model_shared(a);

    (void)state;
    s->events = ~0u;
    assert_int_equal(net_events(net, a), 15);
    assert_int_equal(net_take_error(net, a), NET_OK);
    s->error = NET_E_RESET;
    s->errors = 1;
    assert_int_equal(net_take_error(net, a), NET_E_RESET);
    assert_int_equal(net_take_error(net, a), NET_OK);
    s->error = 12345;
    s->errors = 7;
    assert_int_equal(net_take_error(net, a), NET_E_ABORTED);
    model.status = NET_E_DENIED;
    assert_int_equal(net_listen(net, a, 4), NET_E_DENIED);
    assert_int_equal(net_listen(net, a, 4), NET_OK);
}

/* ---- Streams ---- */

static void fill(uint8_t *to, uint32_t from, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++)
        to[i] = (uint8_t)((from + i) * 7 + (from + i) / 256);
}

/* Odd pieces, several times round both rings. */
static void test_streams_round_the_end(void **state)
{
    unsigned a = make(NET_TCP);
    uint8_t data[RING], seen[RING];
    uint32_t out = 0, in = 0;

    (void)state;
    for (uint32_t i = 0; i < 200; i++) {
        uint32_t bytes = 1 + i * 41 % 1500;

        fill(data, out, bytes);
        assert_int_equal(net_send(net, a, data, bytes), bytes);
        assert_int_equal(model_take(a, seen, RING), bytes);
        assert_memory_equal(seen, data, bytes);
        out += bytes;
        fill(data, in, bytes);
        model_put(a, data, bytes);
        assert_int_equal(net_receive_waiting(net, a), bytes);
        assert_int_equal(net_receive_peek(net, a, seen, 10),
                         bytes < 10 ? bytes : 10);
        assert_int_equal(net_receive(net, a, seen, RING), bytes);
        assert_memory_equal(seen, data, bytes);
        in += bytes;
    }
    assert_int_equal(net_state(net), NET_OK);
}

static void test_a_full_ring(void **state)
{
    unsigned a = make(NET_TCP);
    uint8_t data[RING + 1] = {0};

    (void)state;
    assert_int_equal(net_send_room(net, a), RING);
    assert_int_equal(net_send(net, a, data, 100), 100);
    assert_int_equal(net_send(net, a, data, RING), RING - 100);
    assert_int_equal(net_send(net, a, data, 1), 0);
    assert_int_equal(model_take(a, data, 50), 50);
    assert_int_equal(net_send_room(net, a), 50);
    assert_int_equal(net_send(net, a, data, RING + 1), 50);
}

static void test_in_place(void **state)
{
    unsigned a = make(NET_TCP);
    uint8_t data[RING];
    const void *from;
    size_t bytes;
    void *to;

    (void)state;
    fill(data, 0, RING);
    to = net_send_space(net, a, &bytes);
    assert_int_equal(bytes, RING);
    memcpy(to, data, 1000);
    net_send_pass(net, a, 1000);
    to = net_send_space(net, a, &bytes);
    assert_int_equal(bytes, RING - 1000);
    memcpy(to, data + 1000, RING - 1000);
    net_send_pass(net, a, 2 * RING); /* cut off */
    assert_null(net_send_space(net, a, &bytes));
    assert_int_equal(bytes, 0);
    memset(data, 0, RING);
    assert_int_equal(model_take(a, data, RING), RING);
    assert_int_equal(data[1001], (uint8_t)(1001 * 7 + 1001 / 256));

    model_put(a, data, 3000);
    from = net_receive_data(net, a, &bytes);
    assert_int_equal(bytes, 3000);
    assert_memory_equal(from, data, bytes);
    net_receive_pass(net, a, bytes);
    assert_null(net_receive_data(net, a, &bytes));
    model_put(a, data, 3000); /* round the end: in two pieces */
    net_receive_data(net, a, &bytes);
    assert_int_equal(bytes, RING - 3000);
    net_receive_pass(net, a, 2 * RING); /* cut off */
    assert_int_equal(net_receive_waiting(net, a), 0);
    assert_int_equal(net_state(net), NET_OK);
}

static void position_is_refused(uint32_t send_tail, uint32_t receive_head)
{
    unsigned a = make(NET_TCP);
    uint8_t data[200] = {0};

    assert_int_equal(net_send(net, a, data, 200), 200);
    assert_int_equal(model_take(a, data, 100), 100);
    model_put(a, data, 100);
    assert_int_equal(net_send_room(net, a), RING - 100);
    assert_int_equal(net_receive(net, a, data, 60), 60);
    model_shared(a)->send_tail = send_tail;
    model_shared(a)->receive_head = receive_head;
    net_send_room(net, a);
    net_receive_waiting(net, a);
    assert_int_equal(net_state(net), NET_E_CORRUPT);
    assert_int_equal(net_send(net, a, data, 1), 0);
    assert_int_equal(net_receive(net, a, data, 1), 0);
}

static void test_send_tail_back(void **state)
{
    (void)state;
    position_is_refused(99, 100);
}

static void test_send_tail_ahead(void **state)
{
    (void)state;
    position_is_refused(201, 100);
}

static void test_receive_head_back(void **state)
{
    (void)state;
    position_is_refused(100, 99);
}

static void test_receive_head_beyond_the_ring(void **state)
{
    (void)state;
    position_is_refused(100, 60 + RING + 1);
}

static void test_receive_head_at_the_rings_end(void **state)
{
    unsigned a = make(NET_TCP);

    (void)state;
    model_shared(a)->receive_head = RING;
    assert_int_equal(net_receive_waiting(net, a), RING);
    assert_int_equal(net_state(net), NET_OK);
}

/* ---- Datagrams ---- */

static void put_record(unsigned socket, uint32_t bytes, unsigned family)
{
    static uint8_t all[2 * RING];
    struct net_record record = {.bytes = bytes,
                                .peer = {.family = (uint8_t)family, .port = 9}};

    memset(all, 0, sizeof(all));
    memcpy(all, &record, sizeof(record));
    if (bytes < RING)
        fill(all + sizeof(record), 0, bytes);
    model_put(socket, all, bytes < RING ? record_bytes(bytes) : 64);
}

static void test_datagrams_round_the_end(void **state)
{
    unsigned a = make(NET_UDP);
    struct net_address to = {.family = 6, .port = 53}, from;
    uint8_t data[RING], seen[RING];
    size_t bytes;

    (void)state;
    for (uint32_t i = 0; i < 100; i++) {
        uint32_t n = i * 97 % 2000;
        struct net_record record;

        fill(data, 0, n);
        assert_int_equal(net_send_to(net, a, data, n, i % 2 ? &to : NULL),
                         NET_OK);
        assert_int_equal(model_take(a, seen, RING), record_bytes(n));
        memcpy(&record, seen, sizeof(record));
        assert_int_equal(record.bytes, n);
        assert_int_equal(record.peer.family, i % 2 ? 6 : 0);
        assert_memory_equal(seen + sizeof(record), data, n);
        put_record(a, n, 4);
        assert_int_equal(net_receive_from(net, a, seen, 5, &bytes, &from, true),
                         NET_OK);
        assert_int_equal(bytes, n);
        assert_int_equal(
            net_receive_from(net, a, seen, RING, &bytes, &from, false), NET_OK);
        assert_int_equal(bytes, n);
        assert_int_equal(from.port, 9);
        assert_memory_equal(seen, data, n);
    }
    assert_int_equal(net_receive_from(net, a, seen, RING, &bytes, &from, false),
                     NET_E_AGAIN);
}

static void test_datagrams_that_do_not_fit(void **state)
{
    unsigned a = make(NET_UDP), b = make(NET_TCP);
    static uint8_t data[70000];
    size_t bytes;

    (void)state;
    assert_int_equal(net_send_to(net, a, data, 65508, NULL), NET_E_SIZE);
    assert_int_equal(net_send_to(net, a, data, RING - 31, NULL), NET_E_SIZE);
    assert_int_equal(net_send_to(net, a, data, RING - 32, NULL), NET_OK);
    assert_int_equal(net_send_to(net, a, data, 0, NULL), NET_E_AGAIN);
    assert_int_equal(net_send_to(net, b, data, 0, NULL), NET_E_SOCKET);
    assert_int_equal(net_send(net, a, data, 1), 0);
    /* One that is read into too little is gone but for its length. */
    put_record(a, 1000, 6);
    put_record(a, 1, 6);
    assert_int_equal(net_receive_from(net, a, data, 10, &bytes, NULL, false),
                     NET_OK);
    assert_int_equal(bytes, 1000);
    assert_int_equal(net_receive_from(net, a, data, 10, &bytes, NULL, false),
                     NET_OK);
    assert_int_equal(bytes, 1);
}

static void record_is_refused(uint32_t bytes, unsigned family, uint32_t more)
{
    unsigned a = make(NET_UDP);
    uint8_t data[RING];
    size_t got = 0;

    put_record(a, bytes, family);
    model_shared(a)->receive_head += more;
    assert_int_equal(net_receive_from(net, a, data, RING, &got, NULL, false),
                     NET_E_CORRUPT);
    assert_int_equal(net_state(net), NET_E_CORRUPT);
}

static void test_a_record_longer_than_what_came(void **state)
{
    (void)state;
    record_is_refused(RING + 64, 4, 0);
}

static void test_a_record_of_four_gigabytes(void **state)
{
    (void)state;
    record_is_refused(~0u, 4, 0);
}

static void test_a_record_from_nowhere(void **state)
{
    (void)state;
    record_is_refused(10, 7, 0);
}

static void test_a_record_that_is_torn(void **state)
{
    (void)state;
    record_is_refused(10, 4, 8);
}

/* ---- Telling and waiting ---- */

static struct net_shared *shared_part(void)
{
    return (void *)model.arena;
}

static void test_a_kick_wakes_who_sleeps(void **state)
{
    unsigned a = make(NET_TCP), b = 0;

    (void)state;
    for (unsigned i = 0; i < 65; i++)
        b = make(NET_TCP);
    net_kick(net);
    assert_int_equal(model.signals, 0); /* nothing to tell */
    net_send(net, a, "x", 1);
    net_send(net, b, "x", 1);
    net_kick(net);
    assert_int_equal(model.signals, 0); /* it does not sleep */
    assert_int_equal(shared_part()->server.work[0], 1ul << a);
    assert_int_equal(shared_part()->server.work[1], 1ul << (b - 64));
    shared_part()->server.sleeps = 1;
    net_kick(net);
    assert_int_equal(model.signals, 0); /* told already */
    net_send(net, a, "x", 1);
    net_kick(net);
    net_send(net, a, "x", 1);
    net_kick(net);
    assert_int_equal(model.signals, 1); /* once */
    assert_int_equal(shared_part()->server.sleeps, 0);
}

/* A little read needs no kick; a quarter of the ring does. */
static void test_reading_is_told_by_quarters(void **state)
{
    unsigned a = make(NET_TCP), u = make(NET_UDP);
    uint8_t data[RING] = {0};
    size_t bytes;

    (void)state;
    shared_part()->server.sleeps = 1;
    model_put(a, data, RING);
    assert_int_equal(net_receive(net, a, data, RING / 4 - 1), RING / 4 - 1);
    net_kick(net);
    assert_int_equal(model.signals, 0);
    assert_int_equal(model_shared(a)->receive_tail, RING / 4 - 1);
    assert_int_equal(net_receive(net, a, data, 1), 1);
    net_kick(net);
    assert_int_equal(model.signals, 1);
    shared_part()->server.sleeps = 1;
    put_record(u, 3000, 4);
    net_receive_from(net, u, data, RING, &bytes, NULL, false);
    net_kick(net);
    assert_int_equal(model.signals, 1);
}

static void test_news(void **state)
{
    unsigned a = make(NET_TCP), b = make(NET_TCP), c = make(NET_TCP);

    (void)state;
    assert_int_equal(net_news(net), -1);
    model_tell(b);
    model_tell(a);
    model_tell(69); /* no such socket */
    assert_true(net_wait(net, DEADLINE_POLL));
    net_socket_close(net, b, false);
    assert_int_equal(net_news(net), (int)a);
    assert_int_equal(net_news(net), -1);
    model_tell(c);
    assert_true(net_wait(net, DEADLINE_NEVER));
    assert_int_equal(model.waits, 0);
    assert_int_equal(net_news(net), (int)c);
}

static unsigned told;

static void tell_while_asleep(struct net_model *s)
{
    (void)s;
    assert_int_equal(shared_part()->client.sleeps, 1);
    if (model.waits == 3)
        model_tell(told); /* before: signals for nothing */
}

static void test_waits_until_there_is_news(void **state)
{
    (void)state;
    told = make(NET_TCP);
    net_send(net, told, "x", 1);
    shared_part()->server.sleeps = 1;
    model.on_wait = tell_while_asleep;
    assert_true(net_wait(net, DEADLINE_NEVER));
    assert_int_equal(model.waits, 3);
    assert_int_equal(model.signals, 1); /* kicked on the way */
    assert_int_equal(shared_part()->client.sleeps, 0);
    assert_int_equal(net_news(net), (int)told);
}

static void test_waits_until_its_time_is_up(void **state)
{
    uint64_t start = model.clock;

    (void)state;
    assert_false(net_wait(net, start + 3 * NS_PER_S + 5));
    assert_int_equal(model.clock, start + 3 * NS_PER_S + 5);
    assert_false(net_wait(net, DEADLINE_POLL));
}

static void test_sleeping_elsewhere(void **state)
{
    unsigned a = make(NET_TCP);

    (void)state;
    assert_true(net_sleep(net));
    assert_int_equal(shared_part()->client.sleeps, 1);
    net_awake(net);
    assert_int_equal(shared_part()->client.sleeps, 0);
    model_tell(a);
    assert_false(net_sleep(net));
    assert_int_equal(shared_part()->client.sleeps, 0);
}

static void test_the_server_dies_meanwhile(void **state)
{
    unsigned a = make(NET_TCP);
    struct net_address own;

    (void)state;
    model.dead = true;
    assert_true(net_wait(net, DEADLINE_NEVER)); /* within a second */
    assert_int_equal(net_state(net), NET_E_GONE);
    assert_int_equal(net_events(net, a), NET_DEAD);
    assert_int_equal(net_take_error(net, a), NET_E_GONE);
    assert_int_equal(net_send(net, a, "x", 1), 0);
    assert_int_equal(net_addresses(net, a, &own, NULL), NET_E_GONE);
    assert_false(net_sleep(net));
    assert_int_equal(net_news(net), -1);
}

static void test_the_server_died_before_a_kick(void **state)
{
    unsigned a = make(NET_TCP);

    (void)state;
    net_send(net, a, "x", 1);
    shared_part()->server.sleeps = 1;
    model.dead = true;
    net_kick(net);
    assert_int_equal(net_state(net), NET_E_GONE);
}

/* ---- Names and the rest ---- */

static void lie_many(struct net_model *s, uint64_t call, struct message *m)
{
    (void)s;
    if (call != NET_CALL_RESOLVE)
        return;
    message_begin(m, NET_OK);
    message_put(m, NET_ANSWERS_MAX + 1);
    for (unsigned i = 0; i <= NET_ANSWERS_MAX; i++)
        message_put_bytes(m, &model_peer, sizeof(model_peer));
}

static void test_names(void **state)
{
    struct net_address out[2];
    char name[NET_NAME_MAX + 2];
    unsigned count;

    (void)state;
    memset(name, 'a', sizeof(name));
    name[NET_NAME_MAX + 1] = 0;
    assert_int_equal(net_resolve(net, name, 4, out, 2, &count),
                     NET_E_NOT_FOUND);
    assert_int_equal(net_resolve(net, "", 4, out, 2, &count), NET_E_NOT_FOUND);
    assert_int_equal(model.calls[NET_CALL_RESOLVE], 0);
    assert_int_equal(net_resolve(net, name + 1, 4, out, 1, &count), NET_OK);
    assert_int_equal(count, 1);
    assert_int_equal(net_resolve(net, "a", 4, out, 2, &count), NET_OK);
    assert_int_equal(count, 2);
    model.lie = lie_many;
    assert_int_equal(net_resolve(net, "a", 4, out, 2, &count), NET_E_CORRUPT);
}

/* Texts of the server end where they must. */
static void test_interface(void **state)
{
    struct net_statistics statistics;
    struct net_interface interface;

    (void)state;
    assert_int_equal(net_interface(net, &interface), NET_OK);
    assert_int_equal(strlen(interface.name), sizeof(interface.name) - 1);
    assert_int_equal(strlen(interface.hostname),
                     sizeof(interface.hostname) - 1);
    assert_int_equal(net_statistics(net, &statistics), NET_OK);
    lying_call = NET_CALL_INTERFACE;
    model.lie = lie_short;
    assert_int_equal(net_interface(net, &interface), NET_E_CORRUPT);
}

static void test_every_status_has_a_text(void **state)
{
    (void)state;
    for (int i = 0; i < NET_STATUSES; i++) {
        assert_non_null(net_error_text(i));
        assert_true((net_error_errno(i) == 0) == (i == NET_OK));
    }
    assert_non_null(net_error_text(-1));
    assert_non_null(net_error_text(NET_STATUSES));
    assert_int_not_equal(net_error_errno(NET_STATUSES), 0);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_what_the_policy_gives),
        cmocka_unit_test(test_refuses_to_begin),
        cmocka_unit_test(test_a_server_that_lies_at_the_start),
        cmocka_unit_test(test_every_status_has_a_text),
        WITH(test_numbers),
        WITH(test_a_number_in_use),
        WITH(test_a_number_beyond_the_arena),
        WITH(test_an_answer_that_is_too_short),
        WITH(test_errors_and_events),
        WITH(test_streams_round_the_end),
        WITH(test_a_full_ring),
        WITH(test_in_place),
        WITH(test_send_tail_back),
        WITH(test_send_tail_ahead),
        WITH(test_receive_head_back),
        WITH(test_receive_head_beyond_the_ring),
        WITH(test_receive_head_at_the_rings_end),
        WITH(test_datagrams_round_the_end),
        WITH(test_datagrams_that_do_not_fit),
        WITH(test_a_record_longer_than_what_came),
        WITH(test_a_record_of_four_gigabytes),
        WITH(test_a_record_from_nowhere),
        WITH(test_a_record_that_is_torn),
        WITH(test_a_kick_wakes_who_sleeps),
        WITH(test_reading_is_told_by_quarters),
        WITH(test_news),
        WITH(test_waits_until_there_is_news),
        WITH(test_waits_until_its_time_is_up),
        WITH(test_sleeping_elsewhere),
        WITH(test_the_server_dies_meanwhile),
        WITH(test_the_server_died_before_a_kick),
        WITH(test_names),
        WITH(test_interface),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
