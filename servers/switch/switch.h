/*
 * The switch: one uplink (a network driver's packet service, promiscuous), and
 * a port for each client, to whom it offers the same service. Frames are copied
 * once, from where they lie into the buffer of whom they are for.
 */
#pragma once

#include <cordon/cordon.h>
#include <cordon/packet_server.h>

#include "servers/switch/limit.h"
#include "servers/switch/table.h"

#define PORTS         8u
#define UPLINK        PORTS /* its number among the ports */
#define UPLINK_CELLS  256u  /* to receive into, and as many to send from */
#define ROUND_PACKETS 32u   /* of a port, until others get their turn */

/* Events: badges of the switch's Notification. */
#define EVENT_UPLINK  1u
#define EVENT_TIMER   2u
#define EVENT_PORT(n) (1ull << (2 + (n)))

struct switch_port {
    struct packet_port port;
    uint64_t badge; /* of its client, from its first call on; 0: free */
    struct packet_server server; /* with this port's address */
    struct limit limit;
    uint32_t number;
    uint32_t filter_flags, filter_count;
    uint64_t filter[PACKET_MAX_MULTICAST];
    struct packet_statistics counted;
};

struct packet_switch {
    cap_t events;
    struct packet_device *uplink;
    struct packet_pool pool; /* receive cells, then send cells */
    uint32_t next_send;      /* cell */
    uint32_t link;
    bool strict; /* clients send from their own address alone */
    bool timer;
    struct table table;
    struct switch_port ports[PORTS];
};

/* forward.c: one round over uplink and ports. Returns what was moved. */
uint32_t forward_round(struct packet_switch *s);

/* True if there is nothing to do until an event. Sets a timer for ports that
 * wait for their rate. */
bool forward_may_sleep(struct packet_switch *s);
