/*
 * The virtio-net driver: the operations of a network driver
 * (<cordon/packet_driver.h>) on one pair of virtqueues.
 */
#include <cordon/cordon.h>
#include <stdio.h>
#include <string.h>

#include "drivers/nic/virtio-net/net.h"

#define QUEUES       3u
#define QUEUE_VECTOR 0u

static struct net the_net;

/* Its interrupts share one vector if there is only one. */
static uint32_t link_vector(const struct net *net)
{
    return net->driver.kit.vectors > 1 ? 1 : QUEUE_VECTOR;
}

static bool queue_start(struct net *net, struct virtqueue *q, uint32_t number,
                        uint32_t vector)
{
    virtqueue_place(q, net->rings[number].memory.address,
                    net->rings[number].iova, net->sizes[number]);
    q->number = (uint16_t)number;
    q->doorbell = virtio_queue_enable(&net->virtio, number, q->entries,
                                      q->descriptors_iova, q->avail_iova,
                                      q->used_iova, vector);
    return q->doorbell != NULL;
}

/* 3.1.1, the order of the steps. */
static bool operation_start(void *device, uint32_t queues)
{
    struct net *net = device;
    const char *why = NULL;

    (void)queues;
    if (!virtio_reset(&net->virtio))
        why = "the reset did not end";
    else
        why = virtio_negotiate(&net->virtio, NET_WANTED);
    if (why == NULL) {
        virtio_config_vector(&net->virtio, link_vector(net));
        if (!queue_start(net, &net->receive, QUEUE_RECEIVE, QUEUE_VECTOR) ||
            !queue_start(net, &net->transmit, QUEUE_TRANSMIT, QUEUE_VECTOR) ||
            ((net->virtio.features & NET_F_CTRL_VQ) != 0 &&
             !queue_start(net, &net->control, QUEUE_CONTROL, VIRTIO_NO_VECTOR)))
            why = "it took no queue or no vector";
    }
    if (why != NULL) {
        printf("%s: %s\n", startup->name, why);
        return false;
    }
    virtio_ready(&net->virtio);
    if (!net_filter(net))
        printf("%s: receives everything: the device has no filter\n",
               startup->name);
    return true;
}

static void operation_stop(void *device)
{
    struct net *net = device;

    if (!virtio_reset(&net->virtio))
        printf("%s: the reset did not end\n", startup->name);
}

/* Where the header of the chain that begins at `head` lies: receive first. */
static uint32_t header_at(const struct net *net, bool transmit, uint32_t head)
{
    return (transmit ? net->receive.entries + head : head) * HEADER_STRIDE;
}

/* 5.1.6.4.1: what the device wrote is the header and then the frame. */
static uint32_t operation_received(void *device, uint32_t queue,
                                   struct packet_shared_arrival *arrivals,
                                   uint32_t max)
{
    struct net *net = device;
    struct packet_statistics *s = &net->counted;
    uint32_t count = 0, what, bytes;

    (void)queue;
    while (count < max && virtqueue_take(&net->receive, &what, &bytes)) {
        struct packet_shared_arrival *a = &arrivals[count++];

        *a = (struct packet_shared_arrival){.flags = PACKET_NOTHING};
        bytes -= (uint32_t)sizeof(struct net_header);
        if (bytes < PACKET_FRAME_MIN || bytes > PACKET_BUFFER_BYTES) {
            s->lied++;
            continue;
        }
        a->bytes = (uint16_t)bytes;
        a->flags = 0;
        s->received++;
        s->received_bytes += bytes;
    }
    return count;
}

/* Each buffer is a chain of two: our header, the client's buffer. */
static uint32_t operation_post_room(void *device, uint32_t queue)
{
    (void)queue;
    return ((struct net *)device)->receive.free_descriptors / 2;
}

static void operation_post(void *device, uint32_t queue, const uint64_t *at,
                           uint32_t count)
{
    struct net *net = device;
    struct virtqueue *q = &net->receive;

    (void)queue;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t head = virtqueue_reserve(q, 2);

        virtqueue_fill(q, head, 0,
                       net->headers.iova.v + header_at(net, false, head),
                       sizeof(struct net_header), true, true);
        virtqueue_fill(q, head, 1, at[i], PACKET_BUFFER_BYTES, true, false);
        virtqueue_give(q, head, 2, 0);
    }
    virtqueue_kick(q);
}

/* Even if every piece were a packet of its own, with a header. */
static uint32_t operation_send_room(void *device, uint32_t queue)
{
    (void)queue;
    return ((struct net *)device)->transmit.free_descriptors / 2;
}

static void send_packet(struct net *net, const struct packet_piece *p)
{
    struct virtqueue *q = &net->transmit;
    uint32_t head = virtqueue_reserve(q, p->pieces + 1u);
    uint32_t at = header_at(net, true, head);

    *(struct net_header *)((uint8_t *)net->headers.memory.address + at) =
        header_encode(p);
    virtqueue_fill(q, head, 0, net->headers.iova.v + at,
                   sizeof(struct net_header), false, true);
    for (uint32_t i = 0; i < p->pieces; i++)
        virtqueue_fill(q, head, i + 1, p[i].at, p[i].bytes, false,
                       i + 1u < p->pieces);
    virtqueue_give(q, head, p->pieces + 1u, p->pieces);
    net->counted.sent++;
    net->counted.sent_bytes += p->packet_bytes;
}

static void operation_send(void *device, uint32_t queue,
                           const struct packet_piece *pieces, uint32_t count)
{
    struct net *net = device;

    (void)queue;
    for (uint32_t done = 0; done < count; done += pieces[done].pieces)
        send_packet(net, &pieces[done]);
    virtqueue_kick(&net->transmit);
}

static uint32_t operation_sent(void *device, uint32_t queue)
{
    struct net *net = device;
    uint32_t pieces = 0, what, bytes;

    (void)queue;
    while (virtqueue_take(&net->transmit, &what, &bytes))
        pieces += what;
    return pieces;
}

static bool operation_listen(void *device, uint64_t vectors)
{
    struct net *net = device;
    bool receive = virtqueue_listen(&net->receive);
    bool transmit = virtqueue_listen(&net->transmit);

    (void)vectors;
    return receive || transmit;
}

static uint32_t operation_link(void *device)
{
    struct net *net = device;

    if ((net->virtio.features & NET_F_STATUS) != 0 &&
        (mmio_read16(net->virtio.config, CONFIG_STATUS) & STATUS_LINK_UP) == 0)
        return 0;
    return PACKET_LINK_UP | PACKET_LINK_FULL;
}

static bool operation_sick(void *device)
{
    struct net *net = device;

    return net->receive.lied || net->transmit.lied;
}

static void operation_statistics(void *device, struct packet_statistics *out)
{
    *out = ((struct net *)device)->counted;
}

static int operation_filter(void *device, uint32_t flags,
                            const uint8_t (*multicast)[6], uint32_t count)
{
    struct net *net = device;

    memcpy(net->filter, multicast, (size_t)count * 6);
    net->filter_flags = flags;
    net->filter_count = count;
    return net_filter(net) ? PACKET_OK : PACKET_E_UNSUPPORTED;
}

static const struct packet_device_operations operations = {
    .start = operation_start,
    .stop = operation_stop,
    .received = operation_received,
    .post_room = operation_post_room,
    .send_room = operation_send_room,
    .post = operation_post,
    .send = operation_send,
    .sent = operation_sent,
    .listen = operation_listen,
    .sick = operation_sick,
    .link = operation_link,
    .statistics = operation_statistics,
    .filter = operation_filter,
};

/* The largest power of two that the device, and we, can do. */
static uint32_t size_choose(uint32_t offered)
{
    uint32_t size = VIRTQUEUE_MAX;

    while (size > offered)
        size /= 2;
    return size;
}

static bool memory_prepare(struct net *net)
{
    struct driver *kit = &net->driver.kit;
    bool good = true;

    for (uint32_t i = 0; i < QUEUES; i++) {
        net->sizes[i] = size_choose(virtio_queue_size(&net->virtio, i));
        if (net->sizes[i] == 0 && i != QUEUE_CONTROL)
            return false;
        good = good && (net->sizes[i] == 0 ||
                        dma_alloc(kit, virtqueue_bytes(net->sizes[i]),
                                  &net->rings[i]) == OK);
    }
    return good &&
           dma_alloc(kit,
                     (net->sizes[QUEUE_RECEIVE] + net->sizes[QUEUE_TRANSMIT]) *
                         HEADER_STRIDE,
                     &net->headers) == OK &&
           dma_alloc(kit, COMMAND_BYTES, &net->commands) == OK;
}

static void describe(struct net *net)
{
    struct packet_info *info = &net->driver.server.info;
    for (uint32_t i = 0; i < 6; i++)
        info->mac[i] = mmio_read8(net->virtio.config, CONFIG_MAC + i);
    info->mtu = 1500;
    info->queues = 1;
    if (net->virtio.features & NET_F_CSUM)
        info->features |= PACKET_CAN_CHECKSUM_SEND;

    snprintf(info->name, sizeof(info->name), "virtio-net");
    printf("%s: virtio-net, %02x:%02x:%02x:%02x:%02x:%02x, %u and %u entries\n",
           startup->name, info->mac[0], info->mac[1], info->mac[2],
           info->mac[3], info->mac[4], info->mac[5],
           (unsigned)net->sizes[QUEUE_RECEIVE],
           (unsigned)net->sizes[QUEUE_TRANSMIT]);
}

int main(void)
{
    struct net *net = &the_net;
    uint64_t status = driver_open(&net->driver.kit, NULL);
    const char *why;

    if (status != OK) {
        printf("%s: no device: %s\n", startup->name, status_text(status));
        return 1;
    }
    why = virtio_open(&net->virtio, &net->driver.kit);
    if (why == NULL && !virtio_reset(&net->virtio))
        why = "the reset did not end";
    if (why == NULL)
        why = virtio_negotiate(&net->virtio, NET_WANTED);
    if (why == NULL && (net->virtio.features & NET_F_MAC) == 0)
        why = "it has no address";
    if (why == NULL && !memory_prepare(net))
        why = "no queues, or too little `dma:` (128 KiB will do)";
    if (why != NULL) {
        printf("%s: %s\n", startup->name, why);
        return 1;
    }
    describe(net);
    net->driver.device = net;
    net->driver.operations = &operations;
    net->driver.link_vectors = 1ull << link_vector(net);
    return packet_driver_run(&net->driver);
}
