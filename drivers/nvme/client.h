/*
 * A client's connection: its ring pair, its lent buffers, its requests. What
 * one client does costs that client alone: everything here has a bound.
 */
#pragma once

#include <cordon/cordon.h>
#include <cordon/driver.h>
#include <cordon/ring.h>
#include <cordon/share.h>

#include "drivers/nvme/entry.h"

#define CLIENTS_MAX       8u
#define CLIENT_FAULTS_MAX 4u /* blocked DMAs until it is shut out */

/* Event bits of the kit's Notification: interrupt vectors have the low ones. */
#define EVENT_CLIENT(number) (1ull << (DRIVER_MAX_VECTORS + (number)))
#define EVENT_TIMER          (1ull << (DRIVER_MAX_VECTORS + CLIENTS_MAX))
#define VECTORS_ALL          ((1ull << DRIVER_MAX_VECTORS) - 1)
#define CLIENTS_ALL          ((1u << CLIENTS_MAX) - 1)

struct client_buffer {
    struct share share;
    struct dma_loan loan;
    uint32_t uses;   /* requests in flight */
    cap_t reclaimer; /* Reply that waits for uses to become 0 */
    bool lent;       /* complete, and mapped in the Domain */
};

struct client {
    uint64_t badge; /* 0: free */
    uint32_t number;
    uint32_t bit; /* 1 << number, as events and masks have it */
    bool open;    /* is connected: gets completions */
    bool stopped; /* every request fails until it connects again */
    bool quiet;   /* was told to wake us up */
    bool held;    /* more than it may have in flight: goes on when some end */
    uint32_t faults;
    uint32_t in_flight;
    uint32_t queue; /* I/O queue of its requests */
    cap_t wake;     /* Notification to signal it */
    cap_t kick;     /* our Notification's copy that it signals */
    struct memory rings;
    struct ring requests, completions;
    struct entry_bounds bounds; /* what its requests are checked against */
    struct client_buffer buffers[BLOCK_MAX_BUFFERS + 1]; /* the last is never
                          lent: it stands for that of requests without data */
    struct nvme_request pool[BLOCK_MAX_IN_FLIGHT];
    struct nvme_request *free;
};

/* What the driver is. */
struct nvme_driver {
    struct driver kit;
    struct nvme_platform platform;
    struct nvme_controller controller;
    struct client clients[CLIENTS_MAX];
    uint32_t told; /* clients with completions that they do not see yet */
    mmio_t registers;
    bool timer; /* is set */
    uint64_t pending_bits;
    uint64_t faults, fault_lines;
};

/* The connection of a badge; NULL if it has none. */
struct client *client_find(struct nvme_driver *d, uint64_t badge);

/* Connect: takes capabilities 0 to BLOCK_RING_FRAMES out of the message. */
enum block_status client_connect(struct nvme_driver *d, struct message *m,
                                 struct client **out);

/* Drop everything of a client. BLOCK_E_BUSY: requests are still in flight. */
enum block_status client_close(struct nvme_driver *d, struct client *client);

enum block_status client_lend(struct nvme_driver *d, struct client *client,
                              struct message *m);

/* BLOCK_E_BUSY: requests use it; answer when client_buffer_idle() says so. */
enum block_status client_reclaim(struct nvme_driver *d, struct client *client,
                                 uint64_t id);

/* Take what the client submitted. */
void client_intake(struct nvme_driver *d, struct client *client);

/* A finished request goes back to its client; clients_wake() shows it. Returns
 * the client's bit if it was held and can go on. */
uint32_t client_deliver(struct nvme_driver *d, struct nvme_request *request);

/* Ask to be woken. False: there is work. */
bool client_may_sleep(struct client *client);
