/* What the parts of the card share: card.c, receive.c, send.c, filter.c. */
#pragma once

#include "servers/net/stack.h"

#include <cordon/cordon.h>
#include <lwip/pbuf.h>

#include "servers/net/card.h"

#define CARD_BUFFERS PACKET_RING_ENTRIES /* to receive into */
#define CARD_QUEUE   128u                /* entries to send, in a turn */

struct card {
    struct packet_device *device;
    struct netif netif;
    bool link;
    uint16_t make;  /* checksums that lwIP is to make: NETIF_CHECKSUM_GEN_... */
    uint16_t check; /* and to check when the card did not */

    struct packet_pool buffers; /* the card writes what comes here */
    /* Buffers that the driver is to get again. */
    struct packet_buffer idle[CARD_BUFFERS];
    uint32_t idle_count;

    struct packet_pool pools[PACKET_MAX_POOLS]; /* to send from */
    uint32_t pool_count;
    /* What is handed over at the end of the turn. */
    struct packet_send queue[CARD_QUEUE];
    uint32_t queued;
    /* The pbuf of each entry that is being sent, or is going to be, if it is
     * its packet's last. */
    struct pbuf *sending[PACKET_RING_ENTRIES];
    uint32_t first_sending, next_sending;
    bool starved; /* a packet found no room */

    struct card_counts counts;
};
extern struct card the_card;

/* receive.c: hands a packet to lwIP, which is to check these of its sums. */
void receive_deliver(struct card *c, struct pbuf *p, uint16_t checks);

/* merge.c: takes a packet, to hand it on later together with what follows it.
 * `checks`: what is not known to be right. False: it is to go on alone, what
 * came before has. */
bool merge_take(struct card *c, struct pbuf *p, uint16_t checks);
void merge_flush(struct card *c);

/* send.c */
err_t send_packet(struct netif *netif, struct pbuf *p);
void send_flush(struct card *c);
void send_done(struct card *c);

/* filter.c: lets the card pass all groups that lwIP is in. */
void filter_start(struct card *c);
void filter_update(struct card *c);
