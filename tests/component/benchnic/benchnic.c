/*
 * Packets in the driver itself: handed to the device and reaped in batches of
 * 32, polling. The device is in loopback (82574 10.2.5.1, RCTL.LBM), so what is
 * sent comes back to be received.
 */
#include <stdio.h>

#include <cordon/monitor.h>

#include "drivers/nic/intel/nic.h"
#include "drivers/nic/intel/registers.h"
#include "tests/bench/mark.h"

#define BATCH    32u
#define LOOPBACK (1u << 6)
#define TRIES    1000000u

static struct intel_nic nic;
static struct dma_memory buffers;
static unsigned failures;

static uint64_t places[BATCH]; /* to receive into, behind what is sent */

/* Frames to ourselves, so that the filter lets them in. */
static void fill(struct packet_piece *pieces, uint32_t bytes)
{
    for (uint32_t i = 0; i < BATCH; i++) {
        uint8_t *frame =
            (uint8_t *)buffers.memory.address + i * PACKET_BUFFER_BYTES;

        for (unsigned k = 0; k < 12; k++)
            frame[k] = nic.driver.server.info.mac[k % 6];
        frame[12] = 0x88;
        frame[13] = 0xb5;
        pieces[i] = (struct packet_piece){
            .at = buffers.iova.v + i * PACKET_BUFFER_BYTES,
            .packet_bytes = bytes,
            .bytes = (uint16_t)bytes,
            .pieces = 1,
        };
    }
}

static void send(const struct packet_piece *pieces)
{
    uint32_t sent = 0;

    queue_send(&nic.queues[0], pieces, BATCH);
    for (uint32_t i = 0; sent < BATCH && i < TRIES; i++)
        sent += queue_sent(&nic.queues[0]);
    failures += sent != BATCH;
}

static void receive(uint32_t bytes)
{
    struct packet_shared_arrival arrivals[BATCH];
    uint32_t came = 0;

    for (uint32_t i = 0; came < BATCH && i < TRIES; i++)
        came += queue_received(&nic.queues[0], arrivals + came, BATCH - came);
    queue_post(&nic.queues[0], places, BATCH);
    failures += came != BATCH || arrivals[0].bytes < bytes;
}

static void drain(void)
{
    struct packet_shared_arrival arrivals[BATCH];
    uint32_t came = 0;

    for (uint32_t i = 0; came < BATCH && i < TRIES; i++)
        came += queue_received(&nic.queues[0], arrivals, BATCH - came);
    queue_post(&nic.queues[0], places, BATCH);
}

/* A round is the same for every size: the marks must be constants. */
#define MEASURE(bytes, mark_send, mark_receive)                                \
    do {                                                                       \
        fill(pieces, bytes);                                                   \
        for (int i = 0; i < ROUNDS_NIC; i++) {                                 \
            MARK(mark_send);                                                   \
            send(pieces);                                                      \
            MARK((mark_send) + 1);                                             \
            drain();                                                           \
            send(pieces);                                                      \
            MARK(mark_receive);                                                \
            receive(bytes);                                                    \
            MARK((mark_receive) + 1);                                          \
        }                                                                      \
    } while (0)

int main(int argc, char **argv)
{
    struct packet_piece pieces[BATCH];

    if (!nic_open(&nic, argc, argv) || !nic_operations.start(&nic, 1) ||
        dma_alloc(&nic.driver.kit, 2 * BATCH * PACKET_BUFFER_BYTES, &buffers) !=
            OK) {
        printf("benchnic: the device did not start\n");
        power_off(service_find("power"), 1);
        return 1;
    }
    for (uint32_t i = 0; i < BATCH; i++)
        places[i] = buffers.iova.v + (BATCH + i) * PACKET_BUFFER_BYTES;
    nic_write(&nic, REG_RCTL, nic_read(&nic, REG_RCTL) | LOOPBACK);
    queue_post(&nic.queues[0], places, BATCH);
    MEASURE(64, MARK_NIC_SEND_64, MARK_NIC_RECEIVE_64);
    MEASURE(1500, MARK_NIC_SEND_1500, MARK_NIC_RECEIVE_1500);
    power_off(service_find("power"), failures ? 1 : 0);
    return 0;
}
