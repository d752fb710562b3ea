/* What the parts of the card share: card.c, receive.c, send.c, filter.c. */
#pragma once

#include "servers/net/stack.h"

#include <cordon/cordon.h>
#include <lwip/pbuf.h>

#include "servers/net/card.h"

#define CARD_BUFFERS PACKET_RING_ENTRIES /* to receive into */

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
    /* The pbuf of each entry that is being sent, if it is its packet's last. */
    struct pbuf *sending[PACKET_RING_ENTRIES];
    uint32_t first_sending, next_sending;
    bool starved; /* a packet found no room */

    struct card_counts counts;
};
extern struct card the_card;

/* send.c */
err_t send_packet(struct netif *netif, struct pbuf *p);
void send_done(struct card *c);

/* filter.c: lets the card pass all groups that lwIP is in. */
void filter_start(struct card *c);
void filter_update(struct card *c);
