/*
 * An open disk, as the two halves of the client see it: block_connection.c
 * makes and repairs the connection, block_client.c moves requests.
 */
#pragma once

#include <cordon/block.h>
#include <cordon/cordon.h>
#include <cordon/ring.h>
#include <cordon/share.h>

#define BLOCK_PATIENCE  (10 * NS_PER_S) /* for the driver to answer a call */
#define BLOCK_SYNC_WAIT (30 * NS_PER_S) /* for block_read(), in BLOCK_LOOKs */
#define BLOCK_DEATHS    4               /* of drivers, until we give up */
#define BLOCK_LOOK      NS_PER_S        /* between looks at a silent driver */

/* Bits of a client's notification: of the driver's signals (its capability has
 * no badge), and of the timer that reminds us to look after it. */
#define WAKE_DRIVER 1u
#define WAKE_LOOK   2u

/* A request without a result yet. Its number and generation are its tag on the
 * ring, so a result that nobody asked for is recognised. */
struct block_pending {
    struct block_entry entry;
    uint64_t tag; /* the caller's */
    uint32_t generation;
    bool used;
    bool sync; /* of block_read() and the like: no result for reap */
    bool reissued;
};

struct block_device {
    cap_t endpoint, wake, kick;
    uint32_t disk;
    bool gone;   /* for good: every request fails */
    bool looked; /* the timer for the next look is not set */
    struct block_info info;
    struct memory rings;
    struct ring requests, completions;
    struct memory buffers[BLOCK_MAX_BUFFERS]; /* count 0: free */
    struct block_pending pending[BLOCK_MAX_IN_FLIGHT];
    uint32_t free[BLOCK_MAX_IN_FLIGHT]; /* a stack: free places of `pending` */
    uint32_t pending_count;             /* from here on in `free` */
    struct block_result results[BLOCK_MAX_IN_FLIGHT]; /* ended, not reaped */
    uint32_t result_first, result_count;
};

/* Connect; also anew, after the driver's restart. Returns a block_status. */
int block_connect(struct block_device *dev);

/* Lend a buffer that is allocated already. */
int block_lend(struct block_device *dev, uint32_t id);

/* A call with one word; returns a block_status. */
int block_call(struct block_device *dev, uint64_t label, uint64_t word);

/* The driver is silent: if it died, connect to its successor. False: it is
 * gone for good. */
bool block_driver_alive(struct block_device *dev);
