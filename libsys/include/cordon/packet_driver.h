/*
 * What network drivers share: one client's packet service, moved to and from a
 * device's queues in batches. A driver is then what its data sheet says: the
 * operations below, and a main() that fills in struct packet_driver.
 *
 * The device may be hostile as well as the client: what an operation returns
 * about packets was checked against what had been handed to the device.
 */
#pragma once

#include <cordon/packet_server.h>

/* Queues are numbered from 0. Operations do what they say without waiting,
 * except start and stop. */
struct packet_device_operations {
    /* Brings the device up with empty queues and lets frames in. False: it does
     * not work; the reason was logged. */
    bool (*start)(void *device, uint32_t queues);

    /* Resets it: on return it has no address of a pool any more. */
    void (*stop)(void *device);

    /* What became of the buffers posted longest ago: up to `max`. */
    uint32_t (*received)(void *device, uint32_t queue,
                         struct packet_shared_arrival *arrivals, uint32_t max);

    /* Buffers that may be posted, and pieces that may be sent, now. */
    uint32_t (*post_room)(void *device, uint32_t queue);
    uint32_t (*send_room)(void *device, uint32_t queue);

    /* Hands them over and rings the doorbell once. Pieces are whole packets. */
    void (*post)(void *device, uint32_t queue, const uint64_t *at,
                 uint32_t count);
    void (*send)(void *device, uint32_t queue,
                 const struct packet_piece *pieces, uint32_t count);

    /* Pieces sent since the last call. */
    uint32_t (*sent)(void *device, uint32_t queue);

    /* Before each sleep: interrupts on. `vectors` are those that fired since
     * the last time; a device that keeps them off by itself from then on needs
     * to be told only about these. True: something came in between that will
     * raise none, so look again. */
    bool (*listen)(void *device, uint64_t vectors);

    /* True: the device said what cannot be, and must be reset. NULL: such a
     * device can be driven on. */
    bool (*sick)(void *device);

    uint32_t (*link)(void *device); /* as struct packet_shared.link */
    /* Adds what the device counted. */
    void (*statistics)(void *device, struct packet_statistics *out);
    int (*filter)(void *device, uint32_t flags, const uint8_t (*multicast)[6],
                  uint32_t count);
};

struct packet_driver {
    struct driver kit;
    void *device;
    const struct packet_device_operations *operations;
    uint64_t link_vectors; /* their interrupt may mean that the link changed */
    struct packet_server server; /* info: filled in by the driver */
    struct packet_port port;

    uint32_t link;    /* as told last */
    uint64_t unheard; /* vectors that fired and are off */
    uint64_t faults, resets, fault_lines;
    uint32_t idle_looks; /* of a client that sends, without anything sent */
    bool progress;
};

/* The loop: serves the policy's service `packet` until receiving fails. */
int packet_driver_run(struct packet_driver *d);

/* One round over all queues; returns what was moved. For packet_driver_run
 * and benchmarks. */
uint32_t packet_driver_round(struct packet_driver *d);
