/*
 * An open network device, as the two halves of the client see it:
 * packet_connection.c makes and repairs the connection, packet_client.c moves
 * packets.
 */
#pragma once

#include <cordon/cordon.h>
#include <cordon/packet.h>
#include <cordon/ring.h>
#include <cordon/share.h>

#define PACKET_PATIENCE (10 * NS_PER_S) /* for the driver to answer a call */
#define PACKET_DEATHS   4               /* connections in a row that fail */
#define PACKET_LOOK     NS_PER_S        /* between looks at a silent driver */

struct packet_client_queue {
    struct memory memory;
    struct packet_shared *shared;
    struct ring posts, arrivals, sends;
    /* Buffers that the driver has, oldest first: an arrival is about the
     * first. Counted from the beginning, modulo 2^32. */
    struct packet_buffer posted[PACKET_RING_ENTRIES];
    uint32_t first_posted, next_posted;
    uint32_t unsent; /* entries handed over and not counted as sent */
};

struct packet_device {
    cap_t endpoint, wake, kick;
    bool own_wake;
    int state; /* enum packet_status: not OK: gone for good */
    uint32_t queue_count;
    struct packet_info info;
    struct packet_client_queue queues[PACKET_MAX_QUEUES];
    struct memory pools[PACKET_MAX_POOLS]; /* count 0: free */
    unsigned pool_rights[PACKET_MAX_POOLS];
    bool pool_ours[PACKET_MAX_POOLS]; /* to free */
    uint64_t looked;                  /* when the driver was last seen alive */
    uint32_t filter_flags, filter_count;
    uint8_t filter[PACKET_MAX_MULTICAST][6];
    bool filtered;
};

/* Connects; also anew, after the driver's restart. Returns a packet_status. */
int packet_connect(struct packet_device *dev);

/* Tells the driver the filter that is kept in *dev. */
int packet_filter_call(struct packet_device *dev);

/* The status that a call's outcome stands for. */
int packet_call_status(uint64_t status, const struct message *m);
