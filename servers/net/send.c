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

/* The pool that the bytes lie in; NULL: in none. */
static const struct packet_pool *pool_of(const struct card *c, const void *data,
                                         uint32_t bytes)
{
    for (uint32_t i = 0; i < c->pool_count; i++) {
        const struct packet_pool *pool = &c->pools[i];
        uintptr_t offset = (uintptr_t)data - (uintptr_t)pool->data;

        if (offset < pool->bytes && bytes <= pool->bytes - offset)
            return pool;
    }
    return NULL;
}

/* The packet as entries; 0: it does not lie where the card may read, or is in
 * too many pieces. */
static unsigned entries_make(const struct card *c, const struct pbuf *p,
                             struct packet_send *entries)
{
    unsigned count = 0;

    for (; p != NULL; p = p->next) {
        const struct packet_pool *pool;

        if (p->len == 0)
            continue;
        pool = pool_of(c, p->payload, p->len);
        if (pool == NULL || count == PACKET_MAX_SEGMENTS)
            return 0;
        entries[count++] = (struct packet_send){
            .offset = (uint32_t)((uintptr_t)p->payload - (uintptr_t)pool->data),
            .bytes = p->len,
            .pool = (uint8_t)pool->id,
            .flags = PACKET_MORE,
        };
    }
    if (count != 0)
        entries[count - 1].flags = 0;
    return count;
}

/* The place of the TCP or UDP checksum from the header's start. */
static unsigned sum_place(uint8_t protocol)
{
    return protocol == IP_PROTO_TCP ? 16 : 6;
}

/* The card sums up what follows; the pseudo-header's part is ours (RFC 9293,
 * 3.1; RFC 8200, 8.1). `addresses`: of sender and receiver. */
static void sum_begin(struct packet_send *first, uint8_t *l4, uint8_t protocol,
                      const uint8_t *addresses, int address_bytes,
                      uint32_t l4_bytes)
{
    uint64_t sum = checksum_sum(addresses, address_bytes);
    uint16_t folded;

    sum += lwip_htons(protocol);
    sum += lwip_htons((uint16_t)l4_bytes);
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
            sum_begin(first, ip + first->l3_bytes, ip[9], ip + 12, 8,
                      p->tot_len - SIZEOF_ETH_HDR - first->l3_bytes);
    } else if (frame[12] == 0x86 && frame[13] == 0xdd) {
        first->l3_bytes = IP6_HEADER;
        if (l4 && p->len >= SIZEOF_ETH_HDR + IP6_HEADER && is_summed(ip[6])) {
            first->flags |= PACKET_IPV6;
            sum_begin(first, ip + IP6_HEADER, ip[6], ip + 8, 32,
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

/* Takes a reference of `p` with it. */
static err_t entries_send(struct card *c, struct pbuf *p,
                          const struct packet_send *entries, unsigned count)
{
    unsigned taken = packet_send(c->device, 0, entries, count);

    if (taken == 0) {
        packet_kick(c->device);
        send_done(c);
        taken = packet_send(c->device, 0, entries, count);
    }
    if (taken == 0) {
        c->starved = true;
        c->counts.no_room++;
        LINK_STATS_INC(link.drop);
        pbuf_free(p);
        return ERR_MEM;
    }
    for (unsigned i = 1; i < count; i++)
        c->sending[c->next_sending++ % PACKET_RING_ENTRIES] = NULL;
    c->sending[c->next_sending++ % PACKET_RING_ENTRIES] = p;
    c->counts.sent++;
    c->counts.sent_bytes += p->tot_len;
    LINK_STATS_INC(link.xmit);
    return ERR_OK;
}

err_t send_packet(struct netif *netif, struct pbuf *p)
{
    struct packet_send entries[PACKET_MAX_SEGMENTS];
    struct card *c = &the_card;
    unsigned count = entries_make(c, p, entries);

    (void)netif;
    if (count != 0) {
        pbuf_ref(p);
    } else {
        p = pbuf_clone(PBUF_RAW, PBUF_RAM, p);
        if (p == NULL)
            return ERR_MEM;
        count = entries_make(c, p, entries);
    }
    offload(c, p, &entries[0]);
    return entries_send(c, p, entries, count);
}
