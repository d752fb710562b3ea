/*
 * What the NVMe core needs from outside: register access, time and DMA memory.
 * The driver kit gives them on the machine (main.c), a software controller in
 * the unit tests. The core itself is plain C without hidden state.
 */
#pragma once

#include <cordon/types.h>

/* Memory that the driver and the device share: zeroed, whole pages. */
struct nvme_memory {
    void *address;
    iova_t iova;
};

struct nvme_platform {
    void *context;
    uint32_t window_bytes; /* of BAR 0 */
    uint32_t vectors;      /* interrupts granted, at least 1 */
    uint32_t (*read)(void *context, uint32_t offset);
    void (*write)(void *context, uint32_t offset, uint32_t value);
    uint64_t (*now)(void *context); /* monotonic nanoseconds */
    /* Sleep until an interrupt or a short while has passed. */
    void (*pause)(void *context);
    /* False: no memory left. Never freed: the core allocates once. */
    bool (*allocate)(void *context, uint32_t bytes, struct nvme_memory *out);
};
