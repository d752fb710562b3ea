/*
 * The 82576's advanced transmit descriptors: context (82576 7.2.2.2) and data
 * (7.2.2.3). Pure.
 */
#include "drivers/nic/intel/descriptor.h"

/* clang-format off */
#define TYPE_CONTEXT     (2ull << 20) /* DTYP */
#define TYPE_DATA        (3ull << 20)
#define COMMAND_FCS      (1ull << 25) /* IFCS */
#define COMMAND_EXTENDED (1ull << 29) /* DEXT */
#define COMMAND_TSE      (1ull << 31)
#define OPTION_IP        (1ull << 40) /* POPTS.IXSM */
#define OPTION_L4        (1ull << 41) /* POPTS.TXSM */
#define PAYLOAD_SHIFT    46           /* PAYLEN */
#define CONTEXT_IPV4     (1ull << 10) /* TUCMD.IPV4 */
#define CONTEXT_TCP      (1ull << 11) /* TUCMD.L4T: TCP; else UDP */
#define CONTEXT_L2_SHIFT 9            /* MACLEN; IPLEN is below */
#define CONTEXT_L4_SHIFT 40           /* L4LEN */
#define CONTEXT_MSS_SHIFT 48
/* clang-format on */

#define OFFLOADS                                                               \
    (PACKET_SUM_IP | PACKET_SUM_TCP | PACKET_SUM_UDP | PACKET_SEGMENT)

/* Context 0 of the queue is the only one used (IDX 0). */
static struct intel_descriptor context_encode(const struct packet_piece *p)
{
    struct intel_descriptor d = {
        .low = p->l3_bytes | (uint64_t)p->l2_bytes << CONTEXT_L2_SHIFT,
        .high = TYPE_CONTEXT | COMMAND_EXTENDED,
    };

    if ((p->flags & PACKET_IPV6) == 0)
        d.high |= CONTEXT_IPV4;
    if ((p->flags & PACKET_SUM_UDP) == 0)
        d.high |= CONTEXT_TCP;
    if (p->flags & PACKET_SEGMENT)
        d.high |= (uint64_t)p->l4_bytes << CONTEXT_L4_SHIFT |
                  (uint64_t)p->mss << CONTEXT_MSS_SHIFT;
    return d;
}

const uint64_t transmit_plain =
    TYPE_DATA | COMMAND_EXTENDED | COMMAND_FCS | TX_END;
const uint64_t transmit_plain_byte = 1 + (1ull << PAYLOAD_SHIFT);

uint32_t transmit_encode(const struct packet_piece *pieces,
                         struct transmit_context *context,
                         struct intel_descriptor *out)
{
    uint64_t high = TYPE_DATA | COMMAND_EXTENDED | COMMAND_FCS;
    uint64_t payload = pieces[0].packet_bytes;
    uint32_t count = 0;

    if (pieces[0].flags & OFFLOADS) {
        struct intel_descriptor d = context_encode(pieces);

        if (d.low != context->low || d.high != context->high) {
            out[count++] = d;
            context->low = d.low;
            context->high = d.high;
        }
        if (pieces[0].flags & PACKET_SEGMENT) {
            high |= COMMAND_TSE;
            payload -= (uint64_t)pieces[0].l2_bytes + pieces[0].l3_bytes +
                       pieces[0].l4_bytes;
        }
        if (pieces[0].flags & PACKET_SUM_IP)
            high |= OPTION_IP;
        if (pieces[0].flags & (PACKET_SUM_TCP | PACKET_SUM_UDP))
            high |= OPTION_L4;
        context->key = transmit_key(pieces);
        context->data = high;
    }
    high |= payload << PAYLOAD_SHIFT;
    for (uint32_t i = 0; i < pieces[0].pieces; i++) {
        out[count].low = pieces[i].at;
        out[count++].high = high | pieces[i].bytes;
    }
    out[count - 1].high |= TX_END;
    return count;
}
