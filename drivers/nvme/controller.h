/*
 * One NVMe controller: from reset to ready I/O queues and known namespaces,
 * in the order in which the specification tells it (NVMe 7.6.1).
 */
#pragma once

#include "drivers/nvme/identify.h"
#include "drivers/nvme/queue.h"

#define NVME_IO_QUEUES  8u
#define NVME_NAMESPACES 16u

enum nvme_state {
    NVME_READY,
    NVME_FAILED, /* does not come out of a reset; says nothing any more */
    NVME_GONE,   /* reads as all ones: the function has left */
};

struct nvme_controller {
    const struct nvme_platform *platform;
    enum nvme_state state;
    uint64_t capabilities; /* CAP */
    uint32_t version;      /* VS */
    uint32_t resets;       /* since start */
    uint32_t strays;       /* completions of commands we did not send */
    uint32_t suspects;     /* requests that run again one at a time */
    uint32_t timeouts;     /* commands that did not complete in time */
    struct nvme_identity identity;
    struct nvme_namespace namespaces[NVME_NAMESPACES];
    uint32_t namespace_count;
    uint32_t queue_count; /* I/O queue pairs */
    struct nvme_queue admin;
    struct nvme_queue queues[NVME_IO_QUEUES];
    struct nvme_list done;   /* finished, not yet taken */
    struct nvme_memory data; /* 4 KiB for identify data */
    char error[128];
};

/*
 * Bring the controller up with up to `queues` I/O queue pairs. False: it
 * cannot be used, and `error` says why in a line. Waits at most CAP.TO for
 * each change of state and 5 s for each command.
 */
bool controller_start(struct nvme_controller *c, const struct nvme_platform *p,
                      uint32_t queues);

/*
 * Reset the controller and set it up as before (NVMe 7.3.2). Commands in
 * flight are forgotten: the caller has taken note of them. False: `state` is
 * NVME_FAILED or NVME_GONE.
 */
bool controller_restart(struct nvme_controller *c);

/* Stop it for good, data safe (NVMe 7.6.2). Bounded like start. */
void controller_shutdown(struct nvme_controller *c);

/*
 * Look at CSTS: false if the controller failed (CFS) or has gone; `state`
 * then tells which.
 */
bool controller_alive(struct nvme_controller *c);

/* Run one admin command to its end. Returns its status without phase, or
 * ADMIN_NO_ANSWER. `result` may be NULL. */
#define ADMIN_NO_ANSWER 0xffffffffu
uint32_t controller_admin(struct nvme_controller *c,
                          const struct nvme_command *command, uint32_t *result);
