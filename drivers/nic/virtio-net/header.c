/* The header before each frame (VIRTIO 1.2, 5.1.6.2): what the device is to do
 * with it. Pure. */
#include "drivers/nic/virtio-net/net.h"

#define NEEDS_SUM      1u  /* VIRTIO_NET_HDR_F_NEEDS_CSUM */
#define TCP_SUM_OFFSET 16u /* RFC 9293, 3.1 */
#define UDP_SUM_OFFSET 6u  /* RFC 768 */

struct net_header header_encode(const struct packet_piece *first)
{
    struct net_header h = {0};
    uint32_t l4 = (uint32_t)first->l2_bytes + first->l3_bytes;

    if (first->flags & (PACKET_SUM_TCP | PACKET_SUM_UDP)) {
        h.flags = NEEDS_SUM;
        h.sum_start = (uint16_t)l4;
        h.sum_offset =
            first->flags & PACKET_SUM_UDP ? UDP_SUM_OFFSET : TCP_SUM_OFFSET;
    }
    return h;
}
