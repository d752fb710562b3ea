/*
 * A software NVMe controller for host tests: registers and doorbells as a
 * driver sees them, commands done on a disk in memory, and every way to go
 * wrong that the driver must survive, on request. Like QEMU's, it completes a
 * transfer with success although a page was blocked: only `faults` shows it.
 */
#pragma once

#include "drivers/nvme/platform.h"
#include "drivers/nvme/spec.h"

#define MODEL_IOVA       0x100000000ull
#define MODEL_ARENA      (4u << 20)
#define MODEL_DISK       (8u << 20)
#define MODEL_QUEUES     9u
#define MODEL_NAMESPACES 3u

struct model_queue {
    uint64_t sq, cq; /* IOVAs */
    uint32_t sq_entries, cq_entries;
    uint32_t sq_head, sq_tail, cq_tail, cq_head;
    uint16_t cq_phase, vector;
    bool sq_made, cq_made;
};

struct model_namespace {
    uint32_t nsid;
    uint32_t block_bits;
    uint32_t metadata; /* bytes a block */
    uint64_t first;    /* byte in the disk */
    uint64_t blocks;
};

struct nvme_model {
    struct nvme_platform platform; /* to hand to the driver */
    uint8_t *arena, *disk;
    uint32_t arena_used;
    uint64_t time; /* ns */
    uint32_t cap_low, cap_high, version;
    uint32_t cc, csts, aqa;
    uint64_t asq, acq;
    struct model_queue queues[MODEL_QUEUES];
    struct model_namespace namespaces[MODEL_NAMESPACES];
    uint32_t namespace_count;
    uint8_t mdts;
    uint32_t queue_limit; /* I/O queue pairs it grants */
    /* what goes wrong */
    bool gone;              /* all registers read as ones */
    bool deaf;              /* RDY never changes */
    bool dead_admin;        /* takes admin commands, completes none */
    uint32_t drop;          /* so many I/O commands are swallowed */
    uint32_t fail_count;    /* so many I/O commands fail ... */
    uint16_t fail_status;   /* ... with this: SCT << 9 | SC << 1 */
    uint64_t blocked;       /* IOVA of a page that a DMA cannot reach */
    uint32_t blocked_count; /* so many times */
    bool hold;              /* I/O commands wait for model_run() */
    bool refuse_abort;      /* Abort does nothing */
    /* what was seen */
    uint32_t faults, commands, largest, resets, flushes, aborts, doorbells;
    uint32_t violations; /* the driver broke the specification */
};

void model_init(struct nvme_model *m);
/* As new; the disk keeps its content. */
void model_renew(struct nvme_model *m);
void model_free(struct nvme_model *m);

/* Do the held I/O commands of all queues. */
void model_run(struct nvme_model *m);

/* Post a completion nobody asked for. */
void model_forge(struct nvme_model *m, uint32_t queue, uint16_t id);

/* A piece of arena for a client's buffer. */
struct nvme_memory model_buffer(struct nvme_model *m, uint32_t bytes);
