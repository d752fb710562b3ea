/*
 * IP packets whose checksums and segments are left to the device. The peer
 * checks what comes out on the wire.
 */
#include "tests/component/packettest/packettest.h"

#include <string.h>

#define ETHERTYPE_IPV4 0x0800u
#define ETHERTYPE_IPV6 0x86ddu
#define TCP            6u
#define UDP            17u
#define MSS            1400u
#define DATA           20000u /* bytes to be segmented */
#define L2             14u
#define V4             20u
#define V6             40u
#define TCP_HEADER     20u
#define UDP_HEADER     8u

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static uint32_t sum_bytes(const uint8_t *p, uint32_t bytes)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < bytes; i += 2)
        sum += (uint32_t)p[i] << 8 | p[i + 1];
    return sum;
}

static uint32_t fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

/* RFC 791; the checksum is the device's. Returns the pseudo-header's sum. */
static uint32_t ipv4_put(uint8_t *ip, uint32_t protocol, uint32_t payload)
{
    static const uint8_t addresses[] = {192, 0, 2, 1, 192, 0, 2, 2};

    memset(ip, 0, V4);
    ip[0] = 0x45;
    if (payload != 0)
        put16(ip + 2, V4 + payload);
    ip[8] = 64;
    ip[9] = (uint8_t)protocol;
    memcpy(ip + 12, addresses, sizeof(addresses));
    return sum_bytes(ip + 12, 8) + protocol + payload;
}

/* RFC 8200. */
static uint32_t ipv6_put(uint8_t *ip, uint32_t protocol, uint32_t payload)
{
    memset(ip, 0, V6);
    ip[0] = 0x60;
    put16(ip + 4, payload);
    ip[6] = (uint8_t)protocol;
    ip[7] = 64;
    ip[8] = ip[24] = 0xfd; /* fd00::1 to fd00::2 */
    ip[23] = 1;
    ip[39] = 2;
    return sum_bytes(ip + 8, 32) + protocol + payload;
}

static void tcp_put(uint8_t *tcp)
{
    memset(tcp, 0, TCP_HEADER);
    put16(tcp, 4000);
    put16(tcp + 2, 5000);
    tcp[7] = 1;     /* sequence number */
    tcp[12] = 0x50; /* five words */
    tcp[13] = 0x18; /* PSH, ACK */
    put16(tcp + 14, 8192);
}

static void send_one(struct wire *w, const uint8_t to[6], bool ipv6,
                     uint32_t protocol, uint32_t data)
{
    uint32_t offset, header = protocol == TCP ? TCP_HEADER : UDP_HEADER;
    uint8_t *frame = cell_take(w, &offset);
    uint8_t *ip =
        header_put(w, frame, to, ipv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4);
    uint8_t *l4 = ip + (ipv6 ? V6 : V4);
    uint32_t sum = ipv6 ? ipv6_put(ip, protocol, header + data)
                        : ipv4_put(ip, protocol, header + data);
    struct packet_send e = {
        .offset = offset,
        .bytes = (uint16_t)((uint32_t)(l4 - frame) + header + data),
        .pool = (uint8_t)w->send.id,
        .flags = (uint8_t)((protocol == TCP ? PACKET_SUM_TCP : PACKET_SUM_UDP) |
                           (ipv6 ? PACKET_IPV6 : PACKET_SUM_IP)),
        .l2_bytes = L2,
        .l3_bytes = ipv6 ? V6 : V4,
    };

    if (protocol == TCP) {
        tcp_put(l4);
        put16(l4 + 16, fold(sum));
    } else {
        put16(l4, 4000);
        put16(l4 + 2, 5000);
        put16(l4 + 4, UDP_HEADER + data);
        put16(l4 + 6, fold(sum));
    }
    for (uint32_t i = 0; i < data; i++)
        l4[header + i] = (uint8_t)(i * 7 + data);
    packet_send(w->dev, 0, &e, 1);
}

void send_checksums(struct wire *w, const uint8_t to[6])
{
    for (uint32_t data = 1; data < 1400; data += 233) {
        send_one(w, to, false, UDP, data);
        send_one(w, to, false, TCP, data);
        send_one(w, to, true, UDP, data);
        send_one(w, to, true, TCP, data);
    }
}

/* Headers in a cell, data in the big buffer: two entries, one packet. */
void send_segments(struct wire *w, const uint8_t to[6], bool ipv6)
{
    uint32_t offset, big = SEND_CELLS * PACKET_BUFFER_BYTES;
    uint8_t *frame = cell_take(w, &offset);
    uint8_t *data = (uint8_t *)w->send.data + big;
    uint8_t *ip =
        header_put(w, frame, to, ipv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4);
    uint8_t *tcp = ip + (ipv6 ? V6 : V4);
    uint32_t sum = ipv6 ? ipv6_put(ip, TCP, 0) : ipv4_put(ip, TCP, 0);
    struct packet_send e[2] = {
        {.offset = offset,
         .bytes = (uint16_t)((uint32_t)(tcp - frame) + TCP_HEADER),
         .pool = (uint8_t)w->send.id,
         .flags = (uint8_t)(PACKET_MORE | PACKET_SEGMENT | PACKET_SUM_TCP |
                            (ipv6 ? PACKET_IPV6 : PACKET_SUM_IP)),
         .l2_bytes = L2,
         .l3_bytes = ipv6 ? V6 : V4,
         .l4_bytes = TCP_HEADER,
         .mss = MSS},
        {.offset = big, .bytes = DATA, .pool = (uint8_t)w->send.id},
    };

    tcp_put(tcp);
    put16(tcp + 16, fold(sum));
    for (uint32_t i = 0; i < DATA; i++)
        data[i] = (uint8_t)(i * 13 + (i >> 8));
    packet_send(w->dev, 0, e, 2);
}
