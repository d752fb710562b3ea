/*
 * From lwIP to the card. A pbuf is sent from where it lies and held until the
 * driver says that it was sent; lwIP leaves it alone as long (TCP sees by its
 * count of references that a segment is still under way).
 */
#include "servers/net/card_internal.h"

#include <lwip/prot/ethernet.h>
#include <lwip/prot/ip.h>
#include <lwip/stats.h>

#include <string.h>

#include "servers/net/checksum.h"

#define IP4_HEADER 20u
#define IP6_HEADER 40u

static inline bool is_in(const struct packet_pool *pool, const void *data,
                         uint32_t bytes)
{
    uintptr_t offset = (uintptr_t)data - (uintptr_t)pool->data;

    return offset < pool->bytes && bytes <= pool->bytes - offset;
}

/* The pool that the bytes lie in; NULL: in none. */
static __attribute__((noinline)) const struct packet_pool *
pool_find(const struct card *c, const void *data, uint32_t bytes)
{
    for (uint32_t i = 1; i < c->pool_count; i++)
        if (is_in(&c->pools[i], data, bytes))
            return &c->pools[i];
    return NULL;
}

/* The packet as entries; 0: it does not lie where the card may read, or is in
 * too many pieces. */
static unsigned entries_make(const struct card *c, const struct pbuf *p,
                             struct packet_send *entries)
{
    struct packet_send *e = entries;

    do {
        const struct packet_pool *pool = &c->pools[0]; /* the heap */

        if (!is_in(pool, p->payload, p->len))
            pool = pool_find(c, p->payload, p->len);
        if (pool == NULL || e == entries + PACKET_MAX_SEGMENTS)
            return 0;
        *e = (struct packet_send){
            .offset = (uint32_t)((uintptr_t)p->payload - (uintptr_t)pool->data),
            .bytes = p->len,
            .pool = (uint8_t)pool->id,
            .flags = PACKET_MORE,
        };
        e += p->len != 0; /* pieces without a byte do not count */
        p = p->next;
    } while (p != NULL);
    e[-1].flags = 0;
    return (unsigned)(e - entries);
}

/* The place of the TCP or UDP checksum from the header's start. */
static unsigned sum_place(uint8_t protocol)
{
    return protocol == IP_PROTO_TCP ? 16 : 6;
}

static uint64_t load(const uint8_t *p)
{
    uint32_t word;

    memcpy(&word, p, sizeof(word));
    return word;
}

/* The card sums up what follows; the pseudo-header's part is ours (RFC 9293,
 * 3.1; RFC 8200, 8.1). `addresses`: of sender and receiver, so many words. */
static inline void sum_begin(struct packet_send *first, uint8_t *l4,
                             uint8_t protocol, const uint8_t *addresses,
                             unsigned words, uint32_t l4_bytes)
{
    uint64_t sum = lwip_htons((uint16_t)l4_bytes) + lwip_htons(protocol);
    uint16_t folded;

    for (unsigned i = 0; i < words; i++)
        sum += load(addresses + 4 * i);
    folded = checksum_fold(sum);
    memcpy(l4 + sum_place(protocol), &folded, sizeof(folded));
    first->flags |= protocol == IP_PROTO_TCP ? PACKET_SUM_TCP : PACKET_SUM_UDP;
}

static bool is_summed(uint8_t protocol)
{
    return protocol == IP_PROTO_TCP || protocol == IP_PROTO_UDP;
}

/* Says which checksums the card is to fill in. The headers of a packet that
 * lwIP made are in its first pbuf. */
static void offload(const struct card *c, struct pbuf *p,
                    struct packet_send *first)
{
    uint8_t *frame = p->payload, *ip = frame + SIZEOF_ETH_HDR;
    bool l4 = (c->netif.chksum_flags & NETIF_CHECKSUM_GEN_UDP) == 0;

    first->l2_bytes = SIZEOF_ETH_HDR;
    if (frame[12] == 0x08 && frame[13] == 0x00 &&
        p->len >= SIZEOF_ETH_HDR + IP4_HEADER) {
        first->l3_bytes = (uint8_t)((ip[0] & 15) * 4);
        if ((c->make & NETIF_CHECKSUM_GEN_IP) == 0)
            first->flags |= PACKET_SUM_IP;
        if (l4 && is_summed(ip[9]) && (ip[6] & 0x3f) == 0 && ip[7] == 0)
            sum_begin(first, ip + first->l3_bytes, ip[9], ip + 12, 2,
                      p->tot_len - SIZEOF_ETH_HDR - first->l3_bytes);
    } else if (frame[12] == 0x86 && frame[13] == 0xdd) {
        first->l3_bytes = IP6_HEADER;
        if (l4 && p->len >= SIZEOF_ETH_HDR + IP6_HEADER && is_summed(ip[6])) {
            first->flags |= PACKET_IPV6;
            sum_begin(first, ip + IP6_HEADER, ip[6], ip + 8, 8,
                      p->tot_len - SIZEOF_ETH_HDR - IP6_HEADER);
        }
    }
}

void send_done(struct card *c)
{
    for (unsigned done = packet_sent(c->device, 0); done > 0; done--) {
        struct pbuf *p = c->sending[c->first_sending++ % PACKET_RING_ENTRIES];

        if (p != NULL)
            pbuf_free(p);
    }
}

uint32_t card_mark(void)
{
    return the_card.next_sending;
}

bool card_has_sent(uint32_t mark)
{
    return (int32_t)(the_card.first_sending - mark) >= 0;
}

/* Hands over what has been collected; some of it may have to wait. */
void send_flush(struct card *c)
{
    unsigned taken;

    if (c->queued == 0)
        return;
    taken = packet_send(c->device, 0, c->queue, c->queued);
    c->queued -= taken;
    if (c->queued != 0)
        memmove(c->queue, c->queue + taken, c->queued * sizeof(c->queue[0]));
}

static bool is_room(const struct card *c)
{
    return c->next_sending - c->first_sending <=
               PACKET_RING_ENTRIES - PACKET_MAX_SEGMENTS &&
           c->queued <= CARD_QUEUE - PACKET_MAX_SEGMENTS;
}

/* Room for a packet in the queue, and in the ring when its turn comes. */
static bool room_make(struct card *c)
{
    if (is_room(c))
        return true;
    send_flush(c);
    packet_kick(c->device);
    send_done(c);
    if (is_room(c))
        return true;
    c->starved = true;
    c->counts.no_room++;
    LINK_STATS_INC(link.drop);
    return false;
}

err_t send_packet(struct netif *netif, struct pbuf *p)
{
    struct card *c = &the_card;
    struct packet_send *entries;
    unsigned count;

    (void)netif;
    if (!room_make(c))
        return ERR_MEM;
    entries = c->queue + c->queued;
    count = entries_make(c, p, entries);
    if (count != 0) {
        pbuf_ref(p);
    } else {
        p = pbuf_clone(PBUF_RAW, PBUF_RAM, p);
        if (p == NULL)
            return ERR_MEM;
        count = entries_make(c, p, entries);
    }
    offload(c, p, entries);
    c->queued += count;
    while (--count != 0)
        c->sending[c->next_sending++ % PACKET_RING_ENTRIES] = NULL;
    c->sending[c->next_sending++ % PACKET_RING_ENTRIES] = p;
    c->counts.sent++;
    c->counts.sent_bytes += p->tot_len;
    LINK_STATS_INC(link.xmit);
    return ERR_OK;
}
