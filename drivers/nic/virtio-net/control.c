/*
 * The control queue (VIRTIO 1.2, 5.1.6.5): what to receive. One command at a
 * time, waited for, 2 s at most; after that the queue is not used again.
 */
#include <cordon/cordon.h>
#include <string.h>

#include "drivers/nic/virtio-net/net.h"

/* clang-format off */
#define CLASS_RECEIVE      0u /* 5.1.6.5.1 */
#define   RECEIVE_PROMISCUOUS   0u
#define   RECEIVE_ALL_MULTICAST 1u
#define CLASS_MAC          1u /* 5.1.6.5.2 */
#define   MAC_TABLE             0u
#define ACK_OK             0u
#define ACK_NONE           0xffu
/* clang-format on */
#define WAIT_NS   (2 * NS_PER_S)
#define PAUSE_NS  (100 * NS_PER_US)
#define ACK_PLACE (COMMAND_BYTES - 64)

/* Class, command and data lie in net->commands; one byte comes back. */
static bool command(struct net *net, uint32_t kind, uint32_t number,
                    uint32_t data_bytes)
{
    volatile uint8_t *memory = net->commands.memory.address;
    struct virtqueue *q = &net->control;
    uint64_t end = clock_after(WAIT_NS);
    uint32_t head, what, bytes;

    if (q->lied)
        return false;
    memory[0] = (uint8_t)kind;
    memory[1] = (uint8_t)number;
    memory[ACK_PLACE] = ACK_NONE;
    head = virtqueue_reserve(q, 2);
    virtqueue_fill(q, head, 0, net->commands.iova.v, 2 + data_bytes, false,
                   true);
    virtqueue_fill(q, head, 1, net->commands.iova.v + ACK_PLACE, 1, true,
                   false);
    virtqueue_give(q, head, 2, 0);
    virtqueue_kick(q);
    while (!virtqueue_take(q, &what, &bytes)) {
        q->lied |= clock_now() >= end;
        if (q->lied)
            return false;
        clock_sleep(PAUSE_NS);
    }
    return memory[ACK_PLACE] == ACK_OK;
}

static bool receive_mode(struct net *net, uint32_t mode, bool on)
{
    ((uint8_t *)net->commands.memory.address)[2] = on;
    return command(net, CLASS_RECEIVE, mode, 1);
}

/* Two tables, each a count and its addresses: no further unicast ones. */
static bool mac_table(struct net *net)
{
    uint8_t *at = (uint8_t *)net->commands.memory.address + 2;
    uint32_t none = 0, bytes = net->filter_count * 6;

    memcpy(at, &none, 4);
    memcpy(at + 4, &net->filter_count, 4);
    memcpy(at + 8, net->filter, bytes);
    return command(net, CLASS_MAC, MAC_TABLE, 8 + bytes);
}

bool net_filter(struct net *net)
{
    if ((net->virtio.features & NET_F_CTRL_RX) == 0)
        return false;
    return receive_mode(net, RECEIVE_PROMISCUOUS,
                        net->filter_flags & PACKET_FILTER_PROMISCUOUS) &&
           receive_mode(net, RECEIVE_ALL_MULTICAST,
                        net->filter_flags & PACKET_FILTER_ALL_MULTICAST) &&
           mac_table(net);
}
