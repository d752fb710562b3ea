/*
 * The card's half of servers/net on the host, with the real lwIP and a packet
 * service that is this file: for its unit test and its fuzz target. Frames come
 * from card_host_arrive(); what is sent is looked at as a driver would and kept
 * as frames, with the checksums filled in that a card fills in. A buffer is
 * overwritten as soon as its frame was taken, as a card may do.
 */
#pragma once

#include "servers/net/card_internal.h"

#include <lwip/init.h>
#include <lwip/sys.h>
#include <lwip/timeouts.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "servers/net/address.h"
#include "servers/net/checksum.h"
#include "servers/net/heap.h"
#include "servers/net/hooks.h"

#define CARD_HOST_FRAMES 2048u
#define CARD_HOST_BATCH  64u

static const uint8_t card_host_mac[6] = {2, 0, 0, 0, 0, 1};
static const uint8_t card_host_peer_mac[6] = {2, 0, 0, 0, 0, 9};

struct card_host_frame {
    uint32_t bytes;
    uint8_t data[PACKET_FRAME_MAX];
};

static struct {
    struct packet_info info;
    uint8_t *pools[PACKET_MAX_POOLS];
    size_t pool_bytes[PACKET_MAX_POOLS];
    unsigned pool_count;
    struct packet_buffer posted[PACKET_RING_ENTRIES];
    uint32_t first_posted, next_posted;
    struct packet_arrival arrivals[CARD_HOST_BATCH];
    unsigned arrival_count;
    unsigned unsent; /* entries handed over and not told to be sent */
    bool holds;      /* does not send for now */
    struct card_host_frame sent[CARD_HOST_FRAMES]; /* the last of them */
    uint32_t sent_count;
    uint32_t now; /* ms */
} card_host;

static void card_host_check(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "card: %s\n", what);
    abort();
}

/* ---- What the stack asks of the system ---- */

u32_t sys_now(void)
{
    return card_host.now;
}

uint32_t random_word(void)
{
    static uint32_t state = 1;

    state = state * 1664525u + 1013904223u;
    return state ^ state >> 16;
}

uint32_t random_sequence(const ip_addr_t *own, uint16_t own_port,
                         const ip_addr_t *peer, uint16_t peer_port)
{
    (void)own, (void)own_port, (void)peer, (void)peer_port;
    return 1000;
}

_Noreturn void stack_assertion(const char *what, const char *file, int line)
{
    fprintf(stderr, "lwIP found itself broken: %s (%s:%d)\n", what, file, line);
    abort();
}

void address_watch(const struct pbuf *frame)
{
    (void)frame;
}

uint64_t memory_alloc(size_t bytes, struct memory *out)
{
    *out =
        (struct memory){.address = aligned_alloc(4096, bytes), .bytes = bytes};
    return out->address != NULL ? OK : ERR_NO_MEMORY;
}

cap_t cap_copy(cap_t cap, unsigned rights, uint64_t badge, uint64_t *status)
{
    (void)rights, (void)badge, (void)status;
    return cap;
}

/* ---- The packet service ---- */

const struct packet_info *packet_info(const struct packet_device *dev)
{
    (void)dev;
    return &card_host.info;
}

int packet_open(const char *service, const struct packet_options *options,
                struct packet_device **out)
{
    (void)service, (void)options;
    *out = (struct packet_device *)&card_host;
    return PACKET_OK;
}

static int pool_add(void *data, size_t bytes, struct packet_pool *pool)
{
    uint32_t id = card_host.pool_count++;

    card_host.pools[id] = data;
    card_host.pool_bytes[id] = bytes;
    *pool = (struct packet_pool){data, bytes, id};
    return PACKET_OK;
}

int packet_pool_lend(struct packet_device *dev, size_t bytes,
                     struct packet_pool *pool)
{
    (void)dev;
    return pool_add(aligned_alloc(4096, bytes), bytes, pool);
}

int packet_pool_share(struct packet_device *dev, const struct memory *memory,
                      unsigned rights, struct packet_pool *pool)
{
    (void)dev;
    card_host_check(rights == RIGHT_READ, "lwIP's memory lent to be written");
    return pool_add(memory->address, memory->bytes, pool);
}

unsigned packet_post(struct packet_device *dev, unsigned queue,
                     const struct packet_buffer *buffers, unsigned count)
{
    (void)dev, (void)queue;
    card_host_check(card_host.next_posted - card_host.first_posted + count <=
                        PACKET_RING_ENTRIES,
                    "more buffers posted than there are");
    for (unsigned i = 0; i < count; i++)
        card_host.posted[card_host.next_posted++ % PACKET_RING_ENTRIES] =
            buffers[i];
    return count;
}

unsigned packet_receive(struct packet_device *dev, unsigned queue,
                        struct packet_arrival *arrivals, unsigned max)
{
    unsigned count = card_host.arrival_count;

    (void)dev, (void)queue;
    card_host_check(count <= max, "a batch is too small");
    memcpy(arrivals, card_host.arrivals, count * sizeof(*arrivals));
    card_host.arrival_count = 0;
    return count;
}

static uint8_t *piece_at(const struct packet_send *e)
{
    card_host_check(e->pool < card_host.pool_count &&
                        e->offset <= card_host.pool_bytes[e->pool] &&
                        e->bytes <= card_host.pool_bytes[e->pool] - e->offset &&
                        e->bytes != 0 && e->pool != 0,
                    "a piece to send lies elsewhere");
    return card_host.pools[e->pool] + e->offset;
}

/* As a card does it: adds up from the L4 header on what the stack began. */
static void sums_fill(struct card_host_frame *f, const struct packet_send *e)
{
    uint32_t l4 = e->l2_bytes + e->l3_bytes;
    uint32_t at = l4 + (e->flags & PACKET_SUM_TCP ? 16u : 6u);
    uint16_t sum;

    if (e->flags & PACKET_SUM_IP) {
        card_host_check(l4 <= f->bytes, "IP header beyond the frame");
        memset(f->data + 24, 0, 2);
        sum = (uint16_t)~checksum_sum(f->data + e->l2_bytes, e->l3_bytes);
        memcpy(f->data + 24, &sum, 2);
    }
    if ((e->flags & (PACKET_SUM_TCP | PACKET_SUM_UDP)) == 0)
        return;
    card_host_check(at + 2 <= f->bytes, "checksum beyond the frame");
    sum = (uint16_t)~checksum_sum(f->data + l4, (int)(f->bytes - l4));
    memcpy(f->data + at, &sum, 2);
}

static unsigned frame_take(const struct packet_send *entries, unsigned count)
{
    struct card_host_frame *f =
        &card_host.sent[card_host.sent_count++ % CARD_HOST_FRAMES];
    unsigned n = 0;

    f->bytes = 0;
    do {
        const struct packet_send *e = &entries[n];

        card_host_check(n < count && f->bytes + e->bytes <= PACKET_FRAME_MAX,
                        "a packet is too long or has no end");
        memcpy(f->data + f->bytes, piece_at(e), e->bytes);
        f->bytes += e->bytes;
    } while (entries[n++].flags & PACKET_MORE);
    card_host_check(f->bytes >= PACKET_FRAME_MIN, "a packet is too short");
    sums_fill(f, &entries[0]);
    return n;
}

unsigned packet_send(struct packet_device *dev, unsigned queue,
                     const struct packet_send *entries, unsigned count)
{
    (void)dev, (void)queue;
    if (card_host.unsent + count > PACKET_RING_ENTRIES)
        return 0;
    for (unsigned n = 0; n < count;)
        n += frame_take(entries + n, count - n);
    card_host.unsent += count;
    return count;
}

unsigned packet_sent(struct packet_device *dev, unsigned queue)
{
    unsigned count = card_host.holds ? 0 : card_host.unsent;

    (void)dev, (void)queue;
    card_host.unsent -= count;
    return count;
}

unsigned packet_room(struct packet_device *dev, unsigned queue)
{
    (void)dev, (void)queue;
    return PACKET_RING_ENTRIES - card_host.unsent;
}

struct packet_link packet_link(const struct packet_device *dev)
{
    (void)dev;
    return (struct packet_link){.up = true, .mbps = 1000};
}

int packet_filter(struct packet_device *dev, uint32_t flags,
                  const uint8_t (*multicast)[6], unsigned count)
{
    (void)dev, (void)flags, (void)multicast;
    card_host_check(count <= PACKET_MAX_MULTICAST, "too many groups");
    return PACKET_OK;
}

void packet_kick(struct packet_device *dev)
{
    (void)dev;
}

bool packet_sleep(struct packet_device *dev, bool sent)
{
    (void)dev, (void)sent;
    return true;
}

void packet_awake(struct packet_device *dev)
{
    (void)dev;
}

bool packet_check(struct packet_device *dev)
{
    (void)dev;
    return true;
}

/* ---- For the tests ---- */

/* Starts the stack at 192.0.2.2/24 with this card. */
static void card_host_start(uint32_t features)
{
    ip4_addr_t address, netmask, gateway;

    card_host.info = (struct packet_info){
        .mtu = 1500, .queues = 1, .features = features, .name = "host"};
    memcpy(card_host.info.mac, card_host_mac, 6);
    lwip_init();
    card_host_check(card_start("packet", 1, 1) == PACKET_OK, "start");
    IP4_ADDR(&address, 192, 0, 2, 2);
    IP4_ADDR(&netmask, 255, 255, 255, 0);
    IP4_ADDR(&gateway, 192, 0, 2, 1);
    netif_set_addr(card_netif(), &address, &netmask, &gateway);
    netif_set_up(card_netif());
    netif_create_ip6_linklocal_address(card_netif(), 1);
    card_look();
    card_kick();
}

/* A frame comes with the next batch; the batch goes when it is full. */
static void card_host_turn(void)
{
    card_look();
    while (card_receive() != 0)
        ;
    netif_poll_all();
    sys_check_timeouts();
    card_kick();
}

static void card_host_arrive(const void *frame, uint32_t bytes, uint16_t flags)
{
    struct packet_arrival *a;

    if (card_host.arrival_count == CARD_HOST_BATCH)
        card_host_turn();
    a = &card_host.arrivals[card_host.arrival_count++];
    *a = (struct packet_arrival){
        .buffer =
            card_host.posted[card_host.first_posted++ % PACKET_RING_ENTRIES],
        .bytes = (uint16_t)bytes,
        .flags = flags};
    /* What the buffer held before is anything. */
    memset(card_host.pools[0] + a->buffer.offset, 0xa5, PACKET_BUFFER_BYTES);
    memcpy(card_host.pools[0] + a->buffer.offset, frame, bytes);
}

/* Lets time pass, in steps of the finest timer. */
static void card_host_pass(uint32_t ms)
{
    for (uint32_t end = card_host.now + ms; card_host.now < end;) {
        card_host.now += 250;
        card_host_turn();
    }
}

/* An ARP request of the peer's for our address: now the stack knows it. */
static void card_host_peer_tells(const uint8_t peer[4], const uint8_t own[4])
{
    uint8_t frame[60] = {0};

    memset(frame, 0xff, 6);
    memcpy(frame + 6, card_host_peer_mac, 6);
    memcpy(frame + 12, "\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01", 10);
    memcpy(frame + 22, card_host_peer_mac, 6);
    memcpy(frame + 28, peer, 4);
    memcpy(frame + 38, own, 4);
    card_host_arrive(frame, sizeof(frame), 0);
    card_host_turn();
}
