/*
 * A virtio network device (VIRTIO 1.2, 5.1): one pair of queues and the one for
 * control. Every frame has a header of 12 bytes before it, in our own memory:
 * the frame itself is the client's.
 *
 * Segmentation is not asked for: the device wants the length in the sum of the
 * TCP pseudo-header, and the packet service wants it left out.
 */
#pragma once

#include <cordon/packet_driver.h>

#include "drivers/virtio/queue.h"
#include "drivers/virtio/transport.h"

/* clang-format off */
#define NET_F_CSUM     (1ull << 0)  /* 5.1.3: it fills in checksums */
#define NET_F_MAC      (1ull << 5)
#define NET_F_STATUS   (1ull << 16)
#define NET_F_CTRL_VQ  (1ull << 17)
#define NET_F_CTRL_RX  (1ull << 18)
#define NET_WANTED (NET_F_CSUM | NET_F_MAC | NET_F_STATUS | NET_F_CTRL_VQ | \
                    NET_F_CTRL_RX | VIRTIO_F_IN_ORDER)

/* 5.1.4: the device's configuration. */
#define CONFIG_MAC      0u
#define CONFIG_STATUS   6u
#define   STATUS_LINK_UP  1u

#define QUEUE_RECEIVE   0u /* 5.1.2 */
#define QUEUE_TRANSMIT  1u
#define QUEUE_CONTROL   2u
/* clang-format on */

struct net_header { /* 5.1.6 */
    uint8_t flags;
    uint8_t segment; /* gso_type */
    uint16_t header_bytes;
    uint16_t mss;
    uint16_t sum_start, sum_offset;
    uint16_t buffers;
};
_Static_assert(sizeof(struct net_header) == 12, "VIRTIO 1.2, 5.1.6");
#define HEADER_STRIDE 16u

struct net {
    struct packet_driver driver;
    struct virtio_device virtio;
    struct virtqueue receive, transmit, control;
    struct dma_memory rings[3], headers, commands;
    uint32_t sizes[3];
    uint32_t filter_flags, filter_count;
    uint8_t filter[PACKET_MAX_MULTICAST][6];
    struct packet_statistics counted;
};

/* The header of a packet to send. Pure. */
struct net_header header_encode(const struct packet_piece *first);

/* control.c: tells the device the filter that is kept in *net. False: it did
 * not take it. */
bool net_filter(struct net *net);

/* Bytes of net->commands. */
#define COMMAND_BYTES 4096u
