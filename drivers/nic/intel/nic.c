/*
 * The operations of a network driver (<cordon/packet_driver.h>) on an Intel
 * chip. Argument from the policy:
 * `moderation=MICROSECONDS` between two interrupts of a vector.
 */
#include "drivers/nic/intel/nic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/nic/intel/registers.h"

#define MODERATION_US     20u
#define MODERATION_MAX_US 1000u
#define WINDOW_BYTES      0x20000u /* BAR 0: 128 KiB (82574 9.3) */

/* The order of 82574 4.6: reset, then rings, then receiver, then transmitter;
 * interrupts come last. */
static bool operation_start(void *device, uint32_t queues)
{
    struct intel_nic *nic = device;

    nic->queue_count = queues;
    if (!nic_reset(nic)) {
        printf("%s: the reset did not end\n", startup->name);
        return false;
    }
    for (uint32_t i = 0; i < queues; i++)
        queue_reset(&nic->queues[i], nic->registers, chip_receive_base(i),
                    chip_transmit_base(i));
    chip_start(nic);
    nic_filter(nic);
    nic_write(nic, REG_RCTL,
              nic_read(nic, REG_RCTL) | RCTL_EN | RCTL_BAM | RCTL_SECRC);
    nic_write(nic, REG_TIPG, TIPG_COPPER);
    nic_write(nic, REG_TCTL,
              nic_read(nic, REG_TCTL) | TCTL_EN | TCTL_PSP | TCTL_CT |
                  TCTL_COLD);
    if (!chip_queues_on(nic)) {
        printf("%s: a queue did not start\n", startup->name);
        return false;
    }
    nic_negotiate(nic);
    return true;
}

static void operation_stop(void *device)
{
    nic_count(device);
    nic_reset(device);
}

static uint32_t operation_received(void *device, uint32_t queue,
                                   struct packet_shared_arrival *arrivals,
                                   uint32_t max)
{
    struct intel_nic *nic = device;

    return queue_received(&nic->queues[queue], arrivals, max);
}

/* Rings hold more than a client can hand over. */
static uint32_t operation_room(void *device, uint32_t queue)
{
    (void)device;
    (void)queue;
    return PACKET_RING_ENTRIES;
}

static void operation_post(void *device, uint32_t queue, const uint64_t *at,
                           uint32_t count)
{
    struct intel_nic *nic = device;

    queue_post(&nic->queues[queue], at, count);
}

static void operation_send(void *device, uint32_t queue,
                           const struct packet_piece *pieces, uint32_t count)
{
    struct intel_nic *nic = device;

    queue_send(&nic->queues[queue], pieces, count);
}

static uint32_t operation_sent(void *device, uint32_t queue)
{
    struct intel_nic *nic = device;

    return queue_sent(&nic->queues[queue]);
}

/* A cause that came while its interrupt was off raises it now. */
static bool operation_listen(void *device, uint64_t vectors)
{
    chip_listen(device, vectors);
    return false;
}

static uint32_t operation_link(void *device)
{
    return nic_link(device);
}

static void operation_statistics(void *device, struct packet_statistics *out)
{
    struct intel_nic *nic = device;

    nic_count(nic);
    *out = nic->counted;
    for (uint32_t i = 0; i < NIC_MAX_QUEUES; i++) {
        out->lied += nic->queues[i].lied;
        out->damaged += nic->queues[i].damaged;
    }
}

static int operation_filter(void *device, uint32_t flags,
                            const uint8_t (*multicast)[6], uint32_t count)
{
    struct intel_nic *nic = device;

    memcpy(nic->filter, multicast, (size_t)count * 6);
    nic->filter_flags = flags;
    nic->filter_count = count;
    nic_filter(nic);
    return PACKET_OK;
}

const struct packet_device_operations nic_operations = {
    .start = operation_start,
    .stop = operation_stop,
    .received = operation_received,
    .post_room = operation_room,
    .send_room = operation_room,
    .post = operation_post,
    .send = operation_send,
    .sent = operation_sent,
    .listen = operation_listen,
    .link = operation_link,
    .statistics = operation_statistics,
    .filter = operation_filter,
};

static bool rings_allocate(struct intel_nic *nic, uint32_t queues)
{
    for (uint32_t i = 0; i < queues; i++) {
        struct dma_memory memory;

        if (dma_alloc(&nic->driver.kit, QUEUE_DMA_BYTES, &memory) != OK) {
            printf("%s: %u KiB of `dma:` for each of %u queues are needed\n",
                   startup->name, (unsigned)(QUEUE_DMA_BYTES >> 10),
                   (unsigned)queues);
            return false;
        }
        queue_place(&nic->queues[i], memory.memory.address, memory.iova);
    }
    return true;
}

static void arguments(struct intel_nic *nic, int argc, char **argv)
{
    static const char moderation[] = "moderation=";

    nic->moderation_us = MODERATION_US;
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], moderation, sizeof(moderation) - 1) == 0)
            nic->moderation_us =
                (uint32_t)strtoul(argv[i] + sizeof(moderation) - 1, NULL, 10);
    if (nic->moderation_us > MODERATION_MAX_US)
        nic->moderation_us = MODERATION_MAX_US;
}

/* What one has to know of the device before a client comes. */
static bool bring_up(struct intel_nic *nic, uint32_t queues)
{
    struct packet_info *info = &nic->driver.server.info;

    if (nic->driver.kit.vectors == 0) {
        printf("%s: the policy grants no interrupt\n", startup->name);
        return false;
    }
    if (!nic_reset(nic)) {
        printf("%s: the reset did not end\n", startup->name);
        return false;
    }
    nic_address(nic, info->mac);
    info->mtu = PACKET_FRAME_MAX - 18;
    info->queues = queues;
    info->features = chip.features;
    snprintf(info->name, sizeof(info->name), "%s", chip.name);
    printf("%s: %s, %02x:%02x:%02x:%02x:%02x:%02x, %u queue pair%s\n",
           startup->name, chip.name, info->mac[0], info->mac[1], info->mac[2],
           info->mac[3], info->mac[4], info->mac[5], (unsigned)queues,
           queues == 1 ? "" : "s");
    return rings_allocate(nic, queues);
}

bool nic_open(struct intel_nic *nic, int argc, char **argv)
{
    uint64_t status = driver_open(&nic->driver.kit, NULL);
    uint32_t queues = startup->cpus;
    size_t bytes = 0;

    if (queues > chip.max_queues)
        queues = chip.max_queues;
    if (status != OK) {
        printf("%s: no device: %s\n", startup->name, status_text(status));
        return false;
    }
    arguments(nic, argc, argv);
    nic->registers = driver_map_window(&nic->driver.kit, 0, &bytes);
    if (nic->registers == NULL || bytes < WINDOW_BYTES) {
        printf("%s: the device has no register window (BAR 0)\n",
               startup->name);
        return false;
    }
    nic->driver.device = nic;
    nic->driver.operations = &nic_operations;
    nic->driver.link_vectors = chip_link_vectors(nic);
    return bring_up(nic, queues);
}
