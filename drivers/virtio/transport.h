/*
 * A modern virtio device on PCI: its register structures, features and status.
 * Sections are of "Virtual I/O Device (VIRTIO) Version 1.2" (OASIS).
 *
 * A device that does not offer VIRTIO_F_ACCESS_PLATFORM does its DMA past the
 * IOMMU (6.1): it is not driven at all.
 */
#pragma once

#include <cordon/driver.h>

/* clang-format off */
/* 2.1: status bits. */
#define VIRTIO_ACKNOWLEDGE 1u
#define VIRTIO_DRIVER      2u
#define VIRTIO_DRIVER_OK   4u
#define VIRTIO_FEATURES_OK 8u
#define VIRTIO_NEEDS_RESET 64u

/* 6: features of every device. */
#define VIRTIO_F_VERSION_1       (1ull << 32)
#define VIRTIO_F_ACCESS_PLATFORM (1ull << 33)
#define VIRTIO_F_IN_ORDER        (1ull << 35)

#define VIRTIO_NO_VECTOR 0xffffu
/* clang-format on */

struct virtio_device {
    struct driver *kit;
    mmio_t common, notify, config;
    size_t config_bytes, notify_bytes;
    uint32_t notify_multiplier;
    uint64_t features; /* negotiated */
};

/*
 * Finds the structures (4.1.4) and maps their windows. NULL, or a sentence that
 * says why the device cannot be used.
 */
const char *virtio_open(struct virtio_device *v, struct driver *kit);

/* Resets (2.4, 4.1.4.3.1): when it returns true, the device does no DMA. */
bool virtio_reset(struct virtio_device *v);

/* From the reset to FEATURES_OK (3.1.1): takes what is both offered and wanted;
 * the two that this driver needs are always wanted. NULL, or why not. */
const char *virtio_negotiate(struct virtio_device *v, uint64_t wanted);

/* The device has given up and must be reset (2.1.2). */
bool virtio_needs_reset(struct virtio_device *v);

/* Tells the device that the driver is ready (DRIVER_OK). */
void virtio_ready(struct virtio_device *v);

/* Interrupt vector of changes to the configuration. */
void virtio_config_vector(struct virtio_device *v, uint32_t vector);

/* Entries of queue `number`, 0 if there is no such (4.1.4.3). */
uint32_t virtio_queue_size(struct virtio_device *v, uint32_t number);

/* Where a queue's three parts are, its size and its vector; then it is on.
 * Returns its doorbell (4.1.4.4), or NULL. */
mmio_t virtio_queue_enable(struct virtio_device *v, uint32_t number,
                           uint32_t entries, iova_t descriptors, iova_t avail,
                           iova_t used, uint32_t vector);
