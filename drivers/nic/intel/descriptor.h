/*
 * Descriptors as the device writes them back, and the one that gives it a
 * buffer: alike in both chips (82574 7.1.5, extended receive descriptors; 82576
 * 7.1.5, advanced ones). Pure functions: what a lying device can do with them
 * is tested and fuzzed on the host. Transmit descriptors differ; each chip's
 * are in its own descriptor.c.
 */
#pragma once

#include <cordon/packet_server.h>

struct intel_descriptor {
    uint64_t low, high;
};

/* clang-format off */
/* Receive, written back: the high word (7.1.5.2). */
#define RX_DONE          (1ull << 0)
#define RX_END           (1ull << 1)  /* the frame ends in this buffer */
#define RX_IGNORE_SUMS   (1ull << 2)
#define RX_UDP_CHECKED   (1ull << 4)
#define RX_L4_CHECKED    (1ull << 5)
#define RX_IP_CHECKED    (1ull << 6)
#define RX_L4_ERROR      (1ull << 29)
#define RX_IP_ERROR      (1ull << 30)
#define RX_DAMAGED       (1ull << 31) /* RXE */
#define RX_BYTES(high)   ((uint16_t)((high) >> 32))
/* The low word: how the RSS hash was made, 0 if not, and the hash. */
#define RX_HASH_TYPE(low) ((low) & 0xf)
#define RX_HASH(low)      ((uint32_t)((low) >> 32))

/* Transmit, written back: DD is the first status bit (7.2.10.4; 82576 7.2.2.3). */
#define TX_DONE          (1ull << 32)
/* clang-format on */

enum receive_verdict { RECEIVE_GOOD, RECEIVE_DAMAGED, RECEIVE_LIE };

/* The checks that the device made, as flags of an arrival. */
static inline uint32_t receive_flags(uint64_t high)
{
    uint32_t flags = 0;

    if (high & RX_IP_CHECKED)
        flags |= high & RX_IP_ERROR ? PACKET_IP_BAD : PACKET_IP_GOOD;
    if (high & (RX_L4_CHECKED | RX_UDP_CHECKED))
        flags |= high & RX_L4_ERROR ? PACKET_L4_BAD : PACKET_L4_GOOD;
    return high & RX_IGNORE_SUMS ? 0 : flags;
}

/*
 * What a written-back descriptor says, as the client is to hear it. A length
 * that the buffer or the wire cannot have is a lie; the client then gets its
 * buffer back and nothing else.
 */
static inline enum receive_verdict
receive_decode(uint64_t low, uint64_t high, struct packet_shared_arrival *out)
{
    uint32_t bytes = RX_BYTES(high), flags = receive_flags(high);
    bool lie =
        bytes - PACKET_FRAME_MIN > PACKET_BUFFER_BYTES - PACKET_FRAME_MIN;

    if (__builtin_expect(lie || (high & (RX_END | RX_DAMAGED)) != RX_END,
                         false)) {
        *out = (struct packet_shared_arrival){.flags = PACKET_NOTHING};
        return lie ? RECEIVE_LIE : RECEIVE_DAMAGED;
    }
    if (RX_HASH_TYPE(low) != 0)
        flags |= PACKET_HASHED;
    *out = (struct packet_shared_arrival){
        .bytes = (uint16_t)bytes,
        .flags = (uint16_t)flags,
        .hash = flags & PACKET_HASHED ? RX_HASH(low) : 0,
    };
    return RECEIVE_GOOD;
}

/* Offloads that the last context descriptor of a queue set up; the hardware
 * keeps them, so packets alike need no other. */
struct transmit_context {
    uint64_t low, high; /* 0: none yet */
    /* What is alike: the offload's transmit_key(), and what the high word of a
     * data descriptor has for it, without lengths. */
    uint32_t key; /* 0: none */
    uint64_t data;
};

/* Two packets of one key, which is not 0, need the same context; a segmentation
 * (0) always needs a look. */
static inline uint32_t transmit_key(const struct packet_piece *p)
{
    if (p->flags & PACKET_SEGMENT)
        return 0;
    return (uint32_t)(p->flags & ~PACKET_MORE) | (uint32_t)p->l2_bytes << 8 |
           (uint32_t)p->l3_bytes << 16;
}

/*
 * The descriptors of one packet, each chip's own: pieces[0].pieces of them, and
 * before them a context descriptor if the offloads are not those of `context`.
 * Returns how many; at most pieces + 1. `out` need not be initialised.
 */
uint32_t transmit_encode(const struct packet_piece *pieces,
                         struct transmit_context *context,
                         struct intel_descriptor *out);

/* A packet of one piece without offloads: its descriptor's high word is `plain`
 * plus `plain_byte` for each byte. In general the high word of a data
 * descriptor has the piece's bytes, the packet's times `plain_byte` - 1, and
 * TX_END in the last one. */
extern const uint64_t transmit_plain, transmit_plain_byte;
#define TX_END (1ull << 24) /* EOP: 82574 7.2.11.2; 82576 7.2.2.3.5 */

/* Asks for a write-back of this last descriptor of a batch (RS; the same bit in
 * both chips). */
#define TX_REPORT (1ull << 27)
