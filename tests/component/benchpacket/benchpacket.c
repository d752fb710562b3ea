/*
 * Packets through the packet service of other processes, in batches of 32, with
 * marks for the plugin that counts instructions: sent by one card (whose driver
 * says when), and sent by one and received by another one.
 */
#include <stdio.h>
#include <string.h>

#include <cordon/cordon.h>
#include <cordon/monitor.h>
#include <cordon/packet.h>

#include "tests/bench/mark.h"

#define BATCH   32u
#define BUFFERS 128u
#define BYTES   64u

static struct packet_device *out, *in;
static struct packet_pool frames, buffers;
static unsigned failures;

static void frames_fill(const uint8_t to[6])
{
    for (uint32_t i = 0; i < BATCH; i++) {
        uint8_t *frame = (uint8_t *)frames.data + i * PACKET_BUFFER_BYTES;

        memset(frame, 0, BYTES);
        memcpy(frame, to, 6);
        memcpy(frame + 6, packet_info(out)->mac, 6);
        frame[12] = 0x88; /* IEEE 802: local experimental */
        frame[13] = 0xb5;
    }
}

static void send_batch(void)
{
    struct packet_send e[BATCH];

    for (uint32_t i = 0; i < BATCH; i++)
        e[i] = (struct packet_send){.offset = i * PACKET_BUFFER_BYTES,
                                    .bytes = BYTES,
                                    .pool = (uint8_t)frames.id};
    failures += packet_send(out, 0, e, BATCH) != BATCH;
    packet_kick(out);
}

static void sent_batch(void)
{
    unsigned sent = packet_sent(out, 0);

    while (sent < BATCH) {
        packet_wait(out, true, DEADLINE_NEVER);
        sent += packet_sent(out, 0);
    }
}

/* Takes 32 frames and hands their buffers over again. */
static void receive_batch(void)
{
    struct packet_arrival a[BATCH];
    struct packet_buffer b[BATCH];
    unsigned came = 0;

    while (came < BATCH) {
        unsigned count = packet_receive(in, 0, a, BATCH - came);

        for (unsigned i = 0; i < count; i++) {
            failures += a[i].bytes != BYTES;
            b[i] = a[i].buffer;
        }
        failures += packet_post(in, 0, b, count) != count;
        came += count;
        if (came < BATCH)
            packet_wait(in, false, DEADLINE_NEVER);
    }
    packet_kick(in);
}

static void measure(void)
{
    static const uint8_t nobody[6] = {2, 0, 0, 0, 0, 0x99};

    frames_fill(nobody);
    for (int i = 0; i < ROUNDS_NIC; i++) {
        MARK(MARK_PACKET_SEND);
        send_batch();
        sent_batch();
        MARK(MARK_PACKET_SEND + 1);
    }
    frames_fill(packet_info(in)->mac);
    for (int i = 0; i < ROUNDS_NIC; i++) {
        MARK(MARK_PACKET_PASS);
        send_batch();
        receive_batch();
        sent_batch();
        MARK(MARK_PACKET_PASS + 1);
    }
}

static int both_open(void)
{
    int status = packet_open("out", NULL, &out);

    if (status == PACKET_OK)
        status = packet_open("in", NULL, &in);
    if (status == PACKET_OK)
        status = packet_pool_lend(out, BATCH * PACKET_BUFFER_BYTES, &frames);
    if (status == PACKET_OK)
        status = packet_pool_lend(in, BUFFERS * PACKET_BUFFER_BYTES, &buffers);
    for (uint32_t i = 0; i < BUFFERS && status == PACKET_OK; i++) {
        const struct packet_buffer b = {.offset = i * PACKET_BUFFER_BYTES,
                                        .pool = (uint16_t)buffers.id};

        packet_post(in, 0, &b, 1);
    }
    if (status == PACKET_OK)
        packet_kick(in);
    return status;
}

int main(void)
{
    int status = both_open();

    if (status != PACKET_OK) {
        printf("benchpacket: %s\n", packet_error_text(status));
        power_off(service_find("power"), 1);
        return 1;
    }
    while (!packet_link(in).up || !packet_link(out).up)
        clock_sleep(NS_PER_MS);
    measure();
    power_off(service_find("power"), failures ? 1 : 0);
    return 0;
}
