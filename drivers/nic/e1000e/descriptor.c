/*
 * The 82574's transmit descriptors: context (7.2.10) and data (7.2.11). Pure.
 */
#include "drivers/nic/intel/descriptor.h"

/* clang-format off */
#define DATA_TYPE      (1ull << 20)       /* DTYP; a context's is 0 */
#define COMMAND_FCS    (1ull << 25)       /* IFCS: append the FCS */
#define COMMAND_TSE    (1ull << 26)
#define COMMAND_EXTENDED (1ull << 29)     /* DEXT */
#define OPTION_IP      (1ull << 40)       /* IXSM: fill in the IPv4 checksum */
#define OPTION_L4      (1ull << 41)       /* TXSM: that of TCP or UDP */
#define CONTEXT_TCP    (1ull << 24)       /* else UDP */
#define CONTEXT_IPV4   (1ull << 25)
/* clang-format on */

#define IP_SUM_OFFSET  10u /* RFC 791, 3.1 */
#define TCP_SUM_OFFSET 16u /* RFC 9293, 3.1 */
#define UDP_SUM_OFFSET 6u  /* RFC 768 */
#define OFFLOADS                                                               \
    (PACKET_SUM_IP | PACKET_SUM_TCP | PACKET_SUM_UDP | PACKET_SEGMENT)

/* 7.2.10: where the checksums begin, end and go; "to the end" is 0. */
static struct intel_descriptor context_encode(const struct packet_piece *p)
{
    uint64_t ip = p->l2_bytes, l4 = ip + p->l3_bytes;
    uint64_t sum =
        l4 + (p->flags & PACKET_SUM_UDP ? UDP_SUM_OFFSET : TCP_SUM_OFFSET);
    struct intel_descriptor d = {
        .low = ip | (ip + IP_SUM_OFFSET) << 8 | (l4 - 1) << 16 | l4 << 32 |
               sum << 40,
        .high = COMMAND_EXTENDED,
    };

    if ((p->flags & PACKET_SUM_UDP) == 0)
        d.high |= CONTEXT_TCP;
    if ((p->flags & PACKET_IPV6) == 0)
        d.high |= CONTEXT_IPV4;
    if (p->flags & PACKET_SEGMENT) {
        uint64_t headers = l4 + p->l4_bytes;

        d.high |= COMMAND_TSE | (p->packet_bytes - headers) | headers << 40 |
                  (uint64_t)p->mss << 48;
    }
    return d;
}

const uint64_t transmit_plain =
    DATA_TYPE | COMMAND_EXTENDED | COMMAND_FCS | TX_END;
const uint64_t transmit_plain_byte = 1;

uint32_t transmit_encode(const struct packet_piece *pieces,
                         struct transmit_context *context,
                         struct intel_descriptor *out)
{
    uint64_t high = DATA_TYPE | COMMAND_EXTENDED | COMMAND_FCS;
    uint32_t count = 0;

    if (pieces[0].flags & OFFLOADS) {
        struct intel_descriptor d = context_encode(pieces);

        /* A segmentation uses its context up (7.3.6.2). */
        if ((pieces[0].flags & PACKET_SEGMENT) != 0 || d.low != context->low ||
            d.high != context->high) {
            out[count++] = d;
            context->low = d.low;
            context->high = d.high;
        }
        if (pieces[0].flags & PACKET_SEGMENT)
            high |= COMMAND_TSE;
        if (pieces[0].flags & PACKET_SUM_IP)
            high |= OPTION_IP;
        if (pieces[0].flags & (PACKET_SUM_TCP | PACKET_SUM_UDP))
            high |= OPTION_L4;
        context->key = transmit_key(pieces);
        context->data = high;
    }
    for (uint32_t i = 0; i < pieces[0].pieces; i++) {
        out[count].low = pieces[i].at;
        out[count++].high = high | pieces[i].bytes;
    }
    out[count - 1].high |= TX_END;
    return count;
}
