/*
 * A client of the packet service, driven by frames of its peer outside
 * (tests/lib/wire.py): what it is to do comes as a command, what it saw goes
 * back as a report.
 */
#pragma once

#include <cordon/cordon.h>
#include <cordon/packet.h>

#define ETHERTYPE_COMMAND 0x88b5u /* IEEE 802: local experimental */
#define ETHERTYPE_REPORT  0x88b6u
#define SEND_CELLS        64u /* of PACKET_BUFFER_BYTES, reused in turn */
#define BIG_BYTES         32768u
#define RECEIVE_CELLS     512u

struct wire {
    struct packet_device *dev;
    struct packet_pool receive, send;
    uint32_t next_cell;
    uint64_t seen, nothing, echoed;
    bool link_up;
};

/* The next cell to send from, when it is ours again. */
uint8_t *cell_take(struct wire *w, uint32_t *offset);

/* Sends `bytes` of a cell as they are. */
void cell_send(struct wire *w, uint32_t offset, uint32_t bytes);

/* A frame of ours to `to`: the header; returns where it goes on. */
uint8_t *header_put(const struct wire *w, uint8_t *frame, const uint8_t to[6],
                    unsigned ethertype);

/* Commands that send IP packets with offloads (packets.c). */
void send_checksums(struct wire *w, const uint8_t to[6]);
void send_segments(struct wire *w, const uint8_t to[6], bool ipv6);

/* What no client should do; then the device must still work (hostile.c). */
int hostile(void);
