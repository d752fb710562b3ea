/*
 * From the card to lwIP. A frame lies in memory that the card can write to at
 * any time, and lwIP looks at lengths more than once: whoever changed one in
 * between would have lwIP read or write beyond a packet. So each frame is
 * copied, whole and once, before anybody looks at it, and its buffer goes back
 * at once: a slow client or an unfinished datagram holds no buffer of the card.
 */
#include "servers/net/card_internal.h"

#include <lwip/prot/ethernet.h>
#include <lwip/prot/ip.h>
#include <lwip/stats.h>

#include <string.h>

#include "servers/net/address.h"
#include "servers/net/heap.h"

#define BATCH       64u
#define FRAME_LEAST 60u /* IEEE 802.3, 4.4.2, without the FCS */
/* What comes may not use up the heap. So many chunks are for what is sent, and
 * few of them for small frames: with their acknowledgements memory comes back.
 */
#define RESERVED_CHUNKS 8u
#define LAST_CHUNKS     2u
#define SMALL_FRAME     200u

/* Segments that came out of order and wait, of one connection. */
#define OUT_OF_ORDER_MANY 128
#define OUT_OF_ORDER_FEW  4

int receive_out_of_order(void)
{
    const struct stats_mem *segments = lwip_stats.memp[MEMP_TCP_SEG];
    bool scarce = heap_chunks_free() < heap_chunks() / 2 ||
                  segments->used > segments->avail / 2;

    return scarce ? OUT_OF_ORDER_FEW : OUT_OF_ORDER_MANY;
}

static bool is_room(uint32_t bytes)
{
    return heap_has(bytes + sizeof(struct pbuf),
                    bytes <= SMALL_FRAME ? LAST_CHUNKS : RESERVED_CHUNKS);
}

static uint16_t frame_type(const uint8_t *frame)
{
    return (uint16_t)(frame[12] << 8 | frame[13]);
}

/* Whether the card could check the TCP or UDP checksum: it does not put
 * fragments together (RFC 791, 3.1), nor walk the headers of IPv6 (RFC 8200,
 * 4), and is not believed if it says that it did. */
static bool is_checkable(const uint8_t *frame)
{
    const uint8_t *ip = frame + SIZEOF_ETH_HDR;

    if (frame_type(frame) == ETHTYPE_IPV6)
        return ip[6] == IP_PROTO_TCP || ip[6] == IP_PROTO_UDP;
    return frame_type(frame) == ETHTYPE_IP && (ip[6] & 0x3f) == 0 && ip[7] == 0;
}

/* Which checksums lwIP is to check of this frame. */
static uint16_t checks_left(const struct card *c, const uint8_t *frame,
                            uint16_t flags)
{
    uint16_t check = c->check;

    if (flags & PACKET_IP_GOOD)
        check &= (uint16_t)~NETIF_CHECKSUM_CHECK_IP;
    if ((flags & PACKET_L4_GOOD) != 0 && is_checkable(frame))
        check &=
            (uint16_t) ~(NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP);
    return check;
}

void receive_deliver(struct card *c, struct pbuf *p, uint16_t checks)
{
    NETIF_SET_CHECKSUM_CTRL(&c->netif, c->make | checks);
    if (c->netif.input(p, &c->netif) != ERR_OK)
        pbuf_free(p);
}

/* A copy of what came. Ethernet has no shorter frames than FRAME_LEAST; a card
 * may all the same, and lwIP looks at an IP header before it counts. */
static struct pbuf *frame_copy(const struct card *c,
                               const struct packet_arrival *a)
{
    uint16_t bytes = a->bytes < FRAME_LEAST ? FRAME_LEAST : a->bytes;
    struct pbuf *p = NULL;

    if (is_room(bytes))
        p = pbuf_alloc(PBUF_RAW, bytes, PBUF_RAM);
    if (p == NULL)
        return NULL;
    memcpy(p->payload, (uint8_t *)c->buffers.data + a->buffer.offset, a->bytes);
    if (a->bytes < FRAME_LEAST)
        memset((uint8_t *)p->payload + a->bytes, 0, FRAME_LEAST - a->bytes);
    return p;
}

static void frame_receive(struct card *c, const struct packet_arrival *a)
{
    struct pbuf *p;
    uint16_t checks;

    if ((a->flags & (PACKET_IP_BAD | PACKET_L4_BAD)) != 0 ||
        a->bytes > PACKET_FRAME_MAX) {
        c->counts.malformed++;
        LINK_STATS_INC(link.chkerr);
        return;
    }
    p = frame_copy(c, a);
    if (p == NULL) {
        c->counts.no_memory++;
        LINK_STATS_INC(link.memerr);
        return;
    }
    c->counts.received++;
    c->counts.received_bytes += a->bytes;
    LINK_STATS_INC(link.recv);
    if (frame_type(p->payload) == ETHTYPE_ARP)
        address_watch(p);
    checks = checks_left(c, p->payload, a->flags);
    if (!merge_take(c, p, checks))
        receive_deliver(c, p, checks);
}

unsigned card_receive(void)
{
    struct card *c = &the_card;
    struct packet_arrival arrivals[BATCH];
    unsigned count = packet_receive(c->device, 0, arrivals, BATCH);

    for (unsigned i = 0; i < count; i++) {
        c->idle[c->idle_count++] = arrivals[i].buffer;
        if ((arrivals[i].flags & PACKET_NOTHING) == 0)
            frame_receive(c, &arrivals[i]);
    }
    merge_flush(c);
    /* Until the next frame all checks are on but for what we send ourselves:
     * that stays within this process (netif_poll). */
    NETIF_SET_CHECKSUM_CTRL(&c->netif, c->make);
    return count;
}
