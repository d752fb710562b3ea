/*
 * Anything from the cable: frames of any content with any word of the card
 * about their checksums, to a stack with listeners, connections and datagram
 * sockets. lwIP must not touch a byte that is not its own nor find itself
 * broken, everything that it sends must lie where the card may read, and when
 * all timers have run out it must hold no more memory than before.
 *
 * A frame is a byte of flags, two of length, and its bytes; flag 16 mends what
 * a random frame would nearly always fail at: addresses and checksums.
 *
 * links: servers/net/card.c servers/net/receive.c servers/net/merge.c
 *  links: servers/net/send.c servers/net/filter.c servers/net/heap.c
 *  links: servers/net/checksum.c
 * libs: $(LWIP_HOST)
 */
#include "tests/unit/card_host.h"

#include <lwip/dhcp.h>
#include <lwip/dns.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/udp.h>

#define FLAGS 15u /* what the card says, as packet_arrival has it */
#define MEND  16u
#define PAUSE 32u /* and time passes */
#define PORT  80

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t own[4] = {192, 0, 2, 2}, peer[4] = {192, 0, 2, 1};

static err_t received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
    (void)arg, (void)err;
    if (p == NULL)
        return tcp_close(pcb);
    tcp_recved(pcb, p->tot_len);
    /* An echo, as far as there is room. */
    for (struct pbuf *q = p; q != NULL; q = q->next)
        if (q->len <= tcp_sndbuf(pcb))
            tcp_write(pcb, q->payload, q->len, TCP_WRITE_FLAG_COPY);
    pbuf_free(p);
    return ERR_OK;
}

static err_t accepted(void *arg, struct tcp_pcb *pcb, err_t err)
{
    (void)arg, (void)err;
    if (pcb != NULL)
        tcp_recv(pcb, received);
    return ERR_OK;
}

static void echo(void *arg, struct udp_pcb *u, struct pbuf *p,
                 const ip_addr_t *from, uint16_t port)
{
    (void)arg;
    card_fragments(p->tot_len + 48 > 1500);
    udp_sendto(u, p, from, port);
    card_fragments(false);
    pbuf_free(p);
}

static void start(void)
{
    struct tcp_pcb *listener;
    struct udp_pcb *u;

    card_host_start(PACKET_CAN_CHECKSUM_SEND | PACKET_CAN_CHECKSUM_RECEIVE |
                    PACKET_CAN_CHECKSUM_IP);
    listener = tcp_new_ip_type(IPADDR_TYPE_ANY);
    tcp_bind(listener, IP_ANY_TYPE, PORT);
    tcp_accept(tcp_listen(listener), accepted);
    u = udp_new_ip_type(IPADDR_TYPE_ANY);
    udp_bind(u, IP_ANY_TYPE, 7);
    udp_recv(u, echo, NULL);
    dhcp_start(card_netif());
    card_host_pass(5000);
}

/* The addresses, and the checksums of IPv4, ICMP, TCP and UDP. */
static void mend4(uint8_t *frame, uint32_t bytes)
{
    uint8_t *ip = frame + 14, *l4 = ip + (ip[0] & 15) * 4;
    uint32_t header = (ip[0] & 15u) * 4,
             length = (uint32_t)(ip[2] << 8 | ip[3]);
    uint32_t place = ip[9] == 6 ? 16 : ip[9] == 17 ? 6 : 2;
    uint16_t sum;

    if (header < 20 || length < header + place + 2 || 14 + length > bytes)
        return;
    if ((ip[16] & 0xf0) != 0xe0)
        memcpy(ip + 16, own, 4);
    if (ip[12] < 0x80)
        memcpy(ip + 12, peer, 4);
    memset(ip + 10, 0, 2);
    sum = (uint16_t)~checksum_sum(ip, (int)header);
    memcpy(ip + 10, &sum, 2);
    memset(l4 + place, 0, 2);
    sum = checksum_sum(l4, (int)(length - header));
    if (ip[9] != 1)
        sum = checksum_fold((uint64_t)sum + checksum_sum(ip + 12, 8) +
                            lwip_htons(ip[9]) +
                            lwip_htons((uint16_t)(length - header)));
    sum = (uint16_t)~sum;
    memcpy(l4 + place, &sum, 2);
}

static void mend6(uint8_t *frame, uint32_t bytes)
{
    uint8_t *ip = frame + 14;
    uint32_t length = (uint32_t)(ip[4] << 8 | ip[5]);
    uint32_t place = ip[6] == 6 ? 16 : ip[6] == 17 ? 6 : 2;
    uint16_t sum;

    if (length < place + 2 || 54 + length > bytes)
        return;
    if (ip[24] != 0xff)
        memcpy(ip + 24, netif_ip6_addr(card_netif(), 0)->addr, 16);
    memset(ip + 40 + place, 0, 2);
    sum =
        (uint16_t)~checksum_fold((uint64_t)checksum_sum(ip + 40, (int)length) +
                                 checksum_sum(ip + 8, 32) + lwip_htons(ip[6]) +
                                 lwip_htons((uint16_t)length));
    memcpy(ip + 40 + place, &sum, 2);
}

static void mend(uint8_t *frame, uint32_t bytes)
{
    if ((frame[0] & 1) == 0)
        memcpy(frame, card_host_mac, 6);
    memcpy(frame + 6, card_host_peer_mac, 6);
    if (frame[12] == 0x08 && frame[13] == 0 && bytes >= 34)
        mend4(frame, bytes);
    else if (frame[12] == 0x86 && frame[13] == 0xdd && bytes >= 54)
        mend6(frame, bytes);
}

static void frames(const uint8_t *data, size_t size)
{
    uint8_t frame[PACKET_BUFFER_BYTES];

    while (size > 3) {
        uint32_t bytes = (uint32_t)(data[1] << 8 | data[2]) % sizeof(frame);
        uint8_t flags = data[0];

        data += 3;
        size -= 3;
        if (bytes < PACKET_FRAME_MIN)
            bytes = PACKET_FRAME_MIN;
        memset(frame, 0, sizeof(frame));
        memcpy(frame, data, bytes < size ? bytes : size);
        if (flags & MEND)
            mend(frame, bytes);
        card_host_arrive(frame, bytes, flags & FLAGS);
        data += bytes < size ? bytes : size;
        size -= bytes < size ? bytes : size;
        if (flags & PAUSE)
            card_host_pass(250u * (flags >> 6));
    }
    card_host_turn();
}

static void sweep(void)
{
    while (tcp_active_pcbs != NULL)
        tcp_abort(tcp_active_pcbs);
    while (tcp_tw_pcbs != NULL)
        tcp_abort(tcp_tw_pcbs);
    card_host_pass(20000); /* fragments; what waits for a neighbour */
    card_host_check(heap_chunks_free() + 10 > heap_chunks(),
                    "memory did not come back");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool started;

    if (!started)
        start();
    started = true;
    card_host_peer_tells(peer, own);
    frames(data, size);
    sweep();
    return 0;
}
