/*
 * Block service: read and write a disk through its caged driver, zero copy.
 *
 * The client lends buffers: the driver maps their Frames into the device's
 * Domain and nowhere else, so the device reads and writes them directly and
 * the driver never sees the data. Requests travel through a pair of rings in
 * shared memory, many in flight; lending, connecting and asking are calls.
 *
 * First part: what a client uses (libsys/block_client.c). Second part: the
 * protocol that a driver serves (drivers/nvme).
 *
 * One thread at a time may use a struct block_device.
 */
#pragma once

#include <cordon/abi.h>

/* Status of a request or call; block_error_text() says it for people. */
enum block_status {
    BLOCK_OK = 0,
    BLOCK_E_REQUEST = 1,   /* unknown operation or malformed request */
    BLOCK_E_RANGE = 2,     /* beyond the end of the namespace, or no blocks */
    BLOCK_E_BUFFER = 3,    /* outside the lent buffer, or misaligned */
    BLOCK_E_READ_ONLY = 4, /* write or flush without the right to */
    BLOCK_E_MEDIA = 5,     /* the medium could not be read or written */
    BLOCK_E_DEVICE = 6,    /* the device refused or failed the command */
    BLOCK_E_TIMEOUT = 7,   /* no answer in time */
    BLOCK_E_FAULT = 8,     /* a DMA was blocked: data may not have arrived */
    BLOCK_E_RESET = 9,     /* the device was reset with the request in flight */
    BLOCK_E_GONE = 10,     /* the device or its driver has gone */
    BLOCK_E_LIMIT = 11,    /* too many clients, buffers or requests */
    BLOCK_E_MEMORY = 12,   /* out of memory, here or in the driver */
    BLOCK_E_SERVICE = 13,  /* no such service, or it offers no block device */
    BLOCK_E_BUSY = 14,     /* the request ring is full: reap, then try again */
    BLOCK_STATUSES = 15
};

enum block_operation {
    BLOCK_READ = 1,
    BLOCK_WRITE = 2,
    BLOCK_FLUSH = 3, /* all writes completed before it are durable after it */
};

#define BLOCK_MAX_IN_FLIGHT 128u         /* requests of one client */
#define BLOCK_MAX_BUFFERS   16u          /* lent by one client */
#define BLOCK_BUFFER_MAX    (64ul << 20) /* bytes of one buffer */
#define BLOCK_NAMESPACES    16u          /* disks behind one service */

enum block_info_flags {
    BLOCK_INFO_READ_ONLY = 1,
    BLOCK_INFO_WRITE_CACHE = 2, /* flush is needed for durability */
};

/* A disk, as the driver describes it. */
struct block_info {
    uint64_t blocks;            /* size in blocks */
    uint32_t block_bytes;       /* 512 or 4096 */
    uint32_t max_blocks;        /* of one request; the driver splits smaller */
    uint32_t flags;             /* enum block_info_flags */
    uint32_t namespaces;        /* disks behind this service */
    char model[41], serial[21]; /* NUL-terminated, printable */
};

/* Memory lent to the device. `data` is mapped in the client; page aligned. */
struct block_buffer {
    void *data;
    size_t bytes; /* a multiple of 4 KiB */
    uint32_t id;  /* 0 to BLOCK_MAX_BUFFERS - 1 */
};

/* One request for block_submit(). */
struct block_request {
    uint64_t lba;
    uint32_t blocks;    /* BLOCK_FLUSH: 0 */
    uint32_t operation; /* enum block_operation */
    const struct block_buffer *buffer;
    uint64_t offset; /* in the buffer, bytes; a multiple of 4 */
    uint64_t tag;    /* comes back with the result */
};

struct block_result {
    uint64_t tag;
    uint32_t status; /* enum block_status */
    uint32_t detail; /* of the device, for logs: NVMe status code type << 8 |
                        status code */
};

struct block_device; /* an open disk */

/*
 * Open disk number `disk` (from 0) of the service that the policy calls
 * `service`. A component has one disk of a service open at a time. Waits up to
 * 10 s for the driver. Returns BLOCK_OK and *out, or a status.
 *
 * If the driver dies and comes back, the connection is made anew and requests
 * without an answer are issued again, once, unseen by the caller; if it does
 * not come back within 10 s they end with BLOCK_E_GONE.
 */
int block_open(const char *service, uint32_t disk, struct block_device **out);

/* Reclaims every buffer and disconnects. Requests in flight are drained. */
void block_close(struct block_device *dev);

/* Never fails; valid until block_close(). */
const struct block_info *block_info(const struct block_device *dev);

/*
 * Allocate `bytes` (rounded up to whole Frames, see memory_alloc) and lend it.
 * BLOCK_E_MEMORY, BLOCK_E_LIMIT.
 */
int block_buffer_lend(struct block_device *dev, size_t bytes,
                      struct block_buffer *buffer);

/* Take a buffer back: when it returns, the device cannot reach it (R4). Its
 * memory returns to libsys. Requests that use it complete first. */
int block_buffer_reclaim(struct block_device *dev, struct block_buffer *buffer);

/*
 * Read or write `blocks` blocks at `lba`, data at `offset` in the buffer, and
 * wait for it, 30 s at most. Returns an enum block_status.
 */
int block_read(struct block_device *dev, uint64_t lba, uint32_t blocks,
               const struct block_buffer *buffer, uint64_t offset);
int block_write(struct block_device *dev, uint64_t lba, uint32_t blocks,
                const struct block_buffer *buffer, uint64_t offset);
int block_flush(struct block_device *dev);

/*
 * Queue a request. BLOCK_E_BUSY when BLOCK_MAX_IN_FLIGHT are not reaped yet.
 * The driver may see it only after block_kick(), so queue several, kick once.
 */
int block_submit(struct block_device *dev, const struct block_request *request);
void block_kick(struct block_device *dev);

/*
 * Take up to `max` results, in order of completion. Waits for the first until
 * `deadline` (monotonic nanoseconds; 0 polls). Returns how many; 0 at timeout.
 */
unsigned block_reap(struct block_device *dev, struct block_result *results,
                    unsigned max, uint64_t deadline);

/* One line for people, without a newline; never NULL. */
const char *block_error_text(int status);

/*
 * ---- The protocol --------------------------------------------------------
 *
 * Calls on the service's endpoint; the badge names the client. Replies carry
 * an enum block_status as their label.
 *
 *  INFO     in: disk. out: struct block_info as bytes.
 *  CONNECT  in: BLOCK_PROTOCOL; caps: BLOCK_RING_FRAMES Frames of 4 KiB, then
 *           a Notification that the driver signals. out: cap: the
 *           Notification that the client signals. The driver zeroes the
 *           Frames. The first two hold the request ring (<cordon/ring.h>),
 *           BLOCK_MAX_IN_FLIGHT of struct block_entry; the last one the
 *           completion ring, as many of struct block_completion. A client
 *           that connects again loses its old connection with all its
 *           buffers; BLOCK_E_BUSY while that has requests in flight.
 *  LEND     as <cordon/share.h> says, id 0 to BLOCK_MAX_BUFFERS - 1. Frames
 *           that are not writable can only be written to the disk.
 *  RECLAIM  in: buffer id. Answered when no request uses it any more and the
 *           Domain's unmapping is confirmed.
 *  DISCONNECT  reclaims everything; BLOCK_E_BUSY as CONNECT.
 */
#define BLOCK_PROTOCOL    1u
#define BLOCK_RING_FRAMES 3u

enum block_call {
    BLOCK_CALL_INFO = 1,
    BLOCK_CALL_CONNECT = 2,
    BLOCK_CALL_LEND = 3,
    BLOCK_CALL_RECLAIM = 4,
    BLOCK_CALL_DISCONNECT = 5,
};

/* What the client writes into the request ring. The driver copies an entry
 * before it checks it, and believes none of it. */
struct block_entry {
    uint64_t tag;
    uint64_t lba;
    uint32_t blocks;
    uint16_t buffer;   /* id */
    uint8_t operation; /* enum block_operation */
    uint8_t disk;
    uint64_t offset; /* bytes in the buffer */
};
_Static_assert(sizeof(struct block_entry) == 32, "half a cache line");

/* What the driver writes into the completion ring. */
struct block_completion {
    uint64_t tag;
    uint32_t status;
    uint32_t detail;
};
_Static_assert(sizeof(struct block_completion) == 16, "");
