/*
 * Serving packets (<cordon/packet.h>): one client's connection, as a network
 * driver or a switch sees it. The client may be hostile: what it writes is
 * copied once, checked here, and handed on as addresses that lie in what it
 * lent. A client that breaks the rules loses its connection.
 *
 * First the data path (libsys/packet_port.c), plain C that is tested and fuzzed
 * on the host, then the calls (libsys/packet_server.c).
 */
#pragma once

#include <cordon/driver.h>
#include <cordon/packet.h>
#include <cordon/ring.h>
#include <cordon/share.h>

/* A lent pool. `base` is where its byte 0 is: an IOVA if the server is a
 * driver, an address of its own if it is a switch. */
struct packet_port_pool {
    uint64_t base;
    uint64_t bytes; /* 0: nothing lent under this number */
    bool writable;
    struct share share;
    struct dma_loan loan; /* a driver's */
    struct memory memory; /* a switch's */
};

/* A piece of a packet, checked: what struct packet_send says, at its place. */
struct packet_piece {
    uint64_t at;           /* base + offset */
    uint32_t packet_bytes; /* of the whole packet, in its first piece */
    uint16_t bytes;
    uint16_t mss;
    uint8_t flags;  /* enum packet_send_flags; PACKET_MORE but in the last */
    uint8_t pieces; /* of the packet, in its first piece */
    uint8_t l2_bytes, l3_bytes, l4_bytes;
};

struct packet_port_queue {
    struct share share; /* Frames of the rings, while they come */
    struct memory memory;
    struct packet_shared *shared;
    struct ring posts, arrivals, sends;
    uint32_t posted;  /* buffers taken without an arrival */
    uint32_t sending; /* entries taken and not given back, without refused */
    uint32_t first;   /* the oldest of these, counted from the connection on */
    /* What was seen and left where it is, because the device has no room or a
     * packet's end is missing: no reason to stay awake. */
    uint32_t posts_left, sends_left;
    uint16_t refused[PACKET_RING_ENTRIES]; /* entries refused behind each */
    bool any_refused;
    /* The offload that was last found good, of an entry: its flags (0: none
     * yet), the rest of its headers' half, the bytes that these need. */
    uint8_t good_flags;
    uint32_t good_bytes;
    uint64_t good_headers;
};

struct packet_port {
    bool open;   /* frames may flow */
    bool broken; /* the client broke the rules: close it */
    uint64_t badge;
    uint32_t queue_count;
    cap_t wake; /* the client's Notification */
    cap_t kick; /* our Notification's copy that it signals */
    uint64_t refused;
    uint32_t features; /* enum packet_feature: what sends may ask for */
    uint32_t mtu;
    struct packet_port_pool pools[PACKET_MAX_POOLS];
    struct packet_port_queue queues[PACKET_MAX_QUEUES];
};

/*
 * Takes up to `max` posted buffers: where each begins. Stops, with `broken`
 * set, at one that is not inside a writable pool.
 */
uint32_t packet_port_posts(struct packet_port *port, uint32_t queue,
                           uint64_t *at, uint32_t max);

/*
 * Takes whole packets to send, at most `max` pieces in all; what is not allowed
 * is left out and counted. Returns the pieces.
 */
uint32_t packet_port_sends(struct packet_port *port, uint32_t queue,
                           struct packet_piece *pieces, uint32_t max);

/* Says what became of the oldest `count` posted buffers. */
void packet_port_arrive(struct packet_port *port, uint32_t queue,
                        const struct packet_shared_arrival *arrivals,
                        uint32_t count);

/* Says that the oldest `count` pieces have been sent. */
void packet_port_sent(struct packet_port *port, uint32_t queue, uint32_t count);

/* Gives every buffer and every entry back: after the device lost them. */
void packet_port_forget(struct packet_port *port);

/* Shows the client what arrived; wakes it if it wants that. Once a batch. */
void packet_port_publish(struct packet_port *port);

/* Asks the client to signal; false: it has handed over something already.
 * packet_port_awake() when work goes on. */
bool packet_port_may_sleep(struct packet_port *port);
void packet_port_awake(struct packet_port *port);

/* Tells the client about the link, as struct packet_shared.link has it. */
void packet_port_link(struct packet_port *port, uint32_t link);

/* Checks a packet of `count` entries; pieces are filled in. Pure. */
bool packet_port_check(const struct packet_port *port,
                       const struct packet_send *entries, uint32_t count,
                       struct packet_piece *pieces);

/*
 * ---- The calls -----------------------------------------------------------
 */
struct packet_server {
    void *context;
    struct driver *kit; /* whose Domain pools are mapped in; NULL: they are
                           mapped in our own address space */
    cap_t events;       /* our Notification, for clients to signal */
    struct packet_info info;
    /* A client has connected, or has gone: then, on return, nothing may reach
     * its pools any more. */
    void (*opened)(void *context, struct packet_port *port);
    void (*closed)(void *context, struct packet_port *port);
    void (*statistics)(void *context, struct packet_port *port,
                       struct packet_statistics *out);
    int (*filter)(void *context, struct packet_port *port, uint32_t flags,
                  const uint8_t (*multicast)[6], uint32_t count);
};

/*
 * Handles a call of the port's client. `event` is the badge that the client's
 * Notification gets. A port serves one badge at a time: a driver has one port,
 * a switch one for each client, found by m->badge.
 */
void packet_port_call(const struct packet_server *server,
                      struct packet_port *port, uint64_t event,
                      struct message *m);

/* Ends the connection; all that was lent is out of reach when it returns. */
void packet_port_close(const struct packet_server *server,
                       struct packet_port *port);
