/*
 * The card's half of the network stack, with the real lwIP: what is received is
 * what was sent, however it was cut, mixed and spoiled on the way; what is sent
 * has the right checksums, whoever makes them; and all memory comes back.
 *
 * links: servers/net/card.c servers/net/receive.c servers/net/merge.c
 *  links: servers/net/send.c servers/net/filter.c servers/net/heap.c
 *  links: servers/net/checksum.c
 * libs: $(LWIP_HOST)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/card_host.h"

#include <lwip/priv/tcp_priv.h>
#include <lwip/udp.h>

#define FLOWS    4u
#define STREAM   200000u
#define PORT     80
#define CHECKED  (PACKET_IP_GOOD | PACKET_L4_GOOD)
#define FIN_FLAG 1
#define SYN_FLAG 2
#define PSH_FLAG 8
#define ACK_FLAG 16

static const uint8_t own[4] = {192, 0, 2, 2}, peer[4] = {192, 0, 2, 1};
static uint32_t features; /* of the card in this process */

/* ---- Frames ---- */

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value);
}

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
           (uint32_t)at[2] << 8 | at[3];
}

static uint64_t pseudo(const uint8_t *ip, uint32_t l4_bytes)
{
    return checksum_sum(ip + 12, 8) + (uint64_t)lwip_htons(ip[9]) +
           lwip_htons((uint16_t)l4_bytes);
}

/* Ethernet and IPv4 headers before what lies at frame + 34. */
static uint32_t frame_make(uint8_t *frame, uint8_t protocol, uint32_t l4_bytes)
{
    uint8_t *ip = frame + 14, *l4 = ip + 20;
    uint32_t place = protocol == IP_PROTO_TCP ? 16 : 6, bytes = 34 + l4_bytes;
    uint16_t sum;

    memcpy(frame, card_host_mac, 6);
    memcpy(frame + 6, card_host_peer_mac, 6);
    put16(frame + 12, 0x0800);
    memset(ip, 0, 20);
    ip[0] = 0x45;
    put16(ip + 2, 20 + l4_bytes);
    ip[8] = 64;
    ip[9] = protocol;
    memcpy(ip + 12, peer, 4);
    memcpy(ip + 16, own, 4);
    sum = (uint16_t)~checksum_sum(ip, 20);
    memcpy(ip + 10, &sum, 2);
    put16(l4 + place, 0);
    sum = (uint16_t)~checksum_fold(checksum_sum(l4, (int)l4_bytes) +
                                   pseudo(ip, l4_bytes));
    memcpy(l4 + place, &sum, 2);
    for (; bytes < 60; bytes++)
        frame[bytes] = 0xee; /* padding, which is nobody's data */
    return bytes;
}

/* The sums of a frame that we sent: as its receiver checks them. */
static void frame_check(const struct card_host_frame *f)
{
    const uint8_t *ip = f->data + 14;
    uint32_t length = (uint32_t)(ip[2] << 8 | ip[3]);

    if (f->data[12] != 0x08 || f->data[13] != 0)
        return;
    assert_true(length + 14 <= f->bytes);
    assert_int_equal(checksum_sum(ip, 20), 0xffff);
    if (ip[9] == IP_PROTO_TCP || ip[9] == IP_PROTO_UDP)
        assert_int_equal(
            checksum_fold(checksum_sum(ip + 20, (int)(length - 20)) +
                          pseudo(ip, length - 20)),
            0xffff);
}

static uint32_t segment_make(uint8_t *frame, uint16_t port, uint32_t sequence,
                             uint32_t ack, uint8_t flags, uint32_t bytes)
{
    uint8_t *tcp = frame + 34;

    put16(tcp, port);
    put16(tcp + 2, PORT);
    put32(tcp + 4, sequence);
    put32(tcp + 8, ack);
    tcp[12] = 0x50;
    tcp[13] = flags;
    put16(tcp + 14, 60000);
    put16(tcp + 18, 0);
    return frame_make(frame, IP_PROTO_TCP, 20 + bytes);
}

/* ---- Connections ---- */

struct flow {
    struct tcp_pcb *pcb;
    uint16_t port;
    uint32_t first;    /* sequence number of the first byte */
    uint32_t received; /* bytes that arrived, all of them right */
    uint32_t peer_ack; /* what our peer has of what we send */
};
static struct flow flows[FLOWS];
static struct tcp_pcb *listener;

/* What byte `at` of a flow is. */
static uint8_t byte_of(const struct flow *f, uint32_t at)
{
    return (uint8_t)(at * 31 + at / 251 + f->port);
}

static err_t received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
    struct flow *f = arg;

    assert_int_equal(err, ERR_OK);
    if (p == NULL)
        return ERR_OK;
    for (struct pbuf *q = p; q != NULL; q = q->next)
        for (uint32_t i = 0; i < q->len; i++)
            assert_int_equal(((uint8_t *)q->payload)[i],
                             byte_of(f, f->received++));
    tcp_recved(pcb, p->tot_len);
    pbuf_free(p);
    return ERR_OK;
}

static err_t accepted(void *arg, struct tcp_pcb *pcb, err_t err)
{
    (void)arg, (void)err;
    for (unsigned i = 0; i < FLOWS; i++)
        if (flows[i].port == pcb->remote_port) {
            flows[i].pcb = pcb;
            tcp_arg(pcb, &flows[i]);
        }
    tcp_recv(pcb, received);
    return ERR_OK;
}

static void flow_open(struct flow *f, uint16_t port)
{
    uint8_t frame[100];

    *f = (struct flow){.port = port, .first = 0xffff0000u + port};
    card_host_arrive(frame,
                     segment_make(frame, port, f->first - 1, 0, SYN_FLAG, 0),
                     features ? CHECKED : 0);
    card_host_turn();
    f->peer_ack = 1001; /* random_sequence() of card_host.h, and the SYN */
    card_host_arrive(
        frame, segment_make(frame, port, f->first, f->peer_ack, ACK_FLAG, 0),
        features ? CHECKED : 0);
    card_host_turn();
    assert_non_null(f->pcb);
}

/* Sends bytes [at, at + bytes) of the flow; `spoil` one bit of them. */
static void segment_send(const struct flow *f, uint32_t at, uint32_t bytes,
                         bool spoil)
{
    uint8_t frame[PACKET_FRAME_MAX];
    uint32_t size;

    for (uint32_t i = 0; i < bytes; i++)
        frame[54 + i] = byte_of(f, at + i);
    size = segment_make(frame, f->port, f->first + at, f->peer_ack,
                        ACK_FLAG | (rand() % 8 == 0 ? PSH_FLAG : 0), bytes);
    if (spoil)
        frame[54 + (uint32_t)rand() % bytes] ^= 4;
    card_host_arrive(frame, size,
                     features == 0 ? 0
                     : spoil       ? PACKET_IP_GOOD | PACKET_L4_BAD
                                   : CHECKED);
}

static uint32_t length_any(uint32_t left)
{
    uint32_t most = rand() % 3 == 0 ? 1460 : 1 + (uint32_t)rand() % 1460;

    return most < left ? most : left;
}

/* One step of a flow's sender: on from what has come, not all of it in order,
 * some of it twice, some spoiled. */
static void flow_step(struct flow *f)
{
    uint32_t at = f->received;

    for (unsigned i = 0; i < 1 + (unsigned)rand() % 30 && at < STREAM; i++) {
        uint32_t bytes = length_any(STREAM - at);

        switch (rand() % 12) {
        case 0:
            segment_send(f, at, bytes, true);
            break;
        case 1: /* lost */
            break;
        case 2:
            segment_send(f, at, bytes, false);
            segment_send(f, at - (at < bytes ? at : bytes), bytes, false);
            break;
        default:
            segment_send(f, at, bytes, false);
        }
        at += bytes;
    }
}

static void test_streams_arrive(void **state)
{
    uint32_t done = 0;

    (void)state;
    srand(1);
    for (unsigned i = 0; i < FLOWS; i++)
        flow_open(&flows[i], (uint16_t)(5000 + i));
    for (unsigned round = 0; round < 20000 && done < FLOWS; round++) {
        done = 0;
        for (unsigned i = 0; i < FLOWS; i++) {
            if (flows[i].received < STREAM)
                flow_step(&flows[i]);
            if (rand() % 2)
                card_host_turn();
        }
        card_host_turn();
        for (unsigned i = 0; i < FLOWS; i++)
            done += flows[i].received == STREAM;
    }
    assert_int_equal(done, FLOWS);
}

/* Two segments that became one are acknowledged at once all the same. */
static void test_a_long_segment_is_acknowledged(void **state)
{
    struct flow *f = &flows[0];
    uint32_t before;

    (void)state;
    flow_open(f, 6000);
    before = card_host.sent_count;
    segment_send(f, 0, 1460, false);
    card_host_turn();
    assert_int_equal(card_host.sent_count, before); /* the first: later */
    card_host_pass(500);
    before = card_host.sent_count;
    segment_send(f, 1460, 1460, false);
    segment_send(f, 2920, 1460, false);
    card_host_turn();
    assert_int_equal(f->received, 1460 * 3);
    assert_int_equal(card_host.sent_count, before + 1);
    assert_int_equal(
        get32(card_host.sent[before % CARD_HOST_FRAMES].data + 34 + 8),
        f->first + 1460 * 3);
}

/* What goes on where another connection's segment ended is not its data. */
static void test_flows_are_kept_apart(void **state)
{
    struct flow *a = &flows[0], *b = &flows[1];

    (void)state;
    flow_open(a, 6100);
    flow_open(b, 6101); /* its numbers are one further */
    segment_send(a, 0, 1001, false);
    segment_send(b, 1000, 500, false);
    segment_send(a, 1001, 99, false);
    card_host_turn();
    assert_int_equal(a->received, 1100);
    assert_int_equal(b->received, 0);
    segment_send(b, 0, 1000, false);
    card_host_turn();
    assert_int_equal(b->received, 1500);
}

static void acknowledge(struct flow *f)
{
    uint8_t frame[100];

    card_host_arrive(frame,
                     segment_make(frame, f->port, f->first + f->received,
                                  f->peer_ack, ACK_FLAG, 0),
                     features ? CHECKED : 0);
    card_host_turn();
}

/* Sends a stream from memory of its own and from the heap, takes it as the peer
 * does, and looks at every frame. */
static void test_what_is_sent(void **state)
{
    static uint8_t data[60000];
    struct flow *f = &flows[0];
    uint32_t seen, sent = 0, got = 0;

    (void)state;
    flow_open(f, 7000);
    seen = card_host.sent_count;
    for (uint32_t i = 0; i < sizeof(data); i++)
        data[i] = byte_of(f, i);
    for (unsigned round = 0; round < 3000 && got < sizeof(data); round++) {
        uint32_t bytes = length_any((uint32_t)sizeof(data) - sent);

        card_host.holds = rand() % 4 == 0;
        if (bytes != 0 &&
            tcp_write(f->pcb, data + sent, (uint16_t)bytes,
                      rand() % 2 ? TCP_WRITE_FLAG_COPY : 0) == ERR_OK)
            sent += bytes;
        tcp_output(f->pcb);
        card_host_turn();
        for (; seen < card_host.sent_count; seen++) {
            const struct card_host_frame *s =
                &card_host.sent[seen % CARD_HOST_FRAMES];
            uint32_t at = get32(s->data + 38) - 1001;
            uint32_t length = (uint32_t)(s->data[16] << 8 | s->data[17]) - 40;

            frame_check(s);
            if (at == got && length <= sizeof(data) - got) {
                assert_memory_equal(s->data + 54, data + at, length);
                got += length;
            }
        }
        f->peer_ack = 1001 + got;
        acknowledge(f);
    }
    card_host.holds = false;
    assert_int_equal(got, sizeof(data));
}

/* Datagrams of all lengths, in fragments too. */
static void test_datagrams(void **state)
{
    struct udp_pcb *u = udp_new();
    uint32_t seen = card_host.sent_count;
    ip_addr_t to = IPADDR4_INIT_BYTES(192, 0, 2, 1);

    (void)state;
    for (unsigned bytes = 0; bytes < 8000; bytes += bytes < 64 ? 1 : 331) {
        struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, (uint16_t)bytes, PBUF_RAM);

        memset(p->payload, (int)bytes, bytes);
        card_fragments(bytes + 28 > 1500);
        assert_int_equal(udp_sendto(u, p, &to, 9), ERR_OK);
        card_fragments(false);
        pbuf_free(p);
        card_host_turn();
    }
    for (; seen < card_host.sent_count; seen++) {
        const struct card_host_frame *f =
            &card_host.sent[seen % CARD_HOST_FRAMES];

        if ((f->data[20] & 0x3f) == 0 && f->data[21] == 0) {
            assert_true(f->data[40] != 0 || f->data[41] != 0);
            frame_check(f);
        } else {
            assert_int_equal(checksum_sum(f->data + 14, 20), 0xffff);
        }
    }
    udp_remove(u);
}

/* A card that does not send: lwIP hears that there is no room, and all goes on
 * when there is. */
static void test_a_full_ring(void **state)
{
    struct udp_pcb *u = udp_new();
    ip_addr_t to = IPADDR4_INIT_BYTES(192, 0, 2, 1);
    unsigned refused = 0;

    (void)state;
    card_host.holds = true;
    for (unsigned i = 0; i < 2 * PACKET_RING_ENTRIES; i++) {
        struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, 100, PBUF_RAM);

        refused += udp_sendto(u, p, &to, 9) == ERR_MEM;
        pbuf_free(p);
    }
    assert_true(refused >= PACKET_RING_ENTRIES);
    card_host.holds = false;
    card_host_turn();
    assert_int_equal(card_host.unsent, 0);
    udp_remove(u);
}

/* Segments that never become a stream, until memory is scarce: then there is
 * still enough for a connection, and all of it comes back. */
static void test_memory_is_kept_back(void **state)
{
    unsigned before;

    (void)state;
    tcp_abort(flows[0].pcb);
    card_host_turn();
    before = heap_chunks_free();
    for (unsigned i = 0; i < 120; i++) {
        struct flow *f = &flows[1];

        flow_open(f, (uint16_t)(10000 + i));
        for (uint32_t at = 2000; at < 2000 + 80 * 1400; at += 1400)
            segment_send(f, at, 1000, false);
        card_host_turn();
    }
    assert_true(heap_chunks_free() > heap_chunks() / 4);
    flow_open(&flows[0], 9000);
    segment_send(&flows[0], 0, 1460, false);
    card_host_turn();
    assert_int_equal(flows[0].received, 1460);
    while (tcp_active_pcbs != NULL)
        tcp_abort(tcp_active_pcbs);
    card_host_turn();
    assert_true(heap_chunks_free() >= before - 1);
}

static int start(void **state)
{
    (void)state;
    card_host_start(features);
    card_host_peer_tells(peer, own);
    listener = tcp_new();
    tcp_bind(listener, IP_ADDR_ANY, PORT);
    listener = tcp_listen(listener);
    tcp_accept(listener, accepted);
    return 0;
}

/* lwIP starts once in a process: each card has one of its own. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams_arrive),
        cmocka_unit_test(test_a_long_segment_is_acknowledged),
        cmocka_unit_test(test_flows_are_kept_apart),
        cmocka_unit_test(test_what_is_sent),
        cmocka_unit_test(test_datagrams),
        cmocka_unit_test(test_a_full_ring),
        cmocka_unit_test(test_memory_is_kept_back),
    };
    char command[300];
    int failed;

    if (argc > 1)
        features = PACKET_CAN_CHECKSUM_SEND | PACKET_CAN_CHECKSUM_RECEIVE |
                   PACKET_CAN_CHECKSUM_IP;
    failed = cmocka_run_group_tests_name(argc > 1 ? "a card with checksums"
                                                  : "a card without",
                                         tests, start, NULL);
    if (argc > 1 || failed != 0)
        return failed;
    fflush(NULL);
    snprintf(command, sizeof(command), "'%s' checksums", argv[0]);
    return system(command) != 0;
}
