/*
 * Consecutive TCP segments of one connection that came in one batch go to lwIP
 * as one long segment: it then looks its connection up, acknowledges and calls
 * back once, not forty times. Only what has the right sums, and what
 * differs in nothing but its place in the stream is put together; all else
 * goes on as it came, in the same order.
 */
#include "servers/net/card_internal.h"

#include <lwip/priv/tcp_priv.h>
#include <lwip/prot/ethernet.h>
#include <lwip/prot/ip.h>
#include <lwip/prot/tcp.h>

#include <string.h>

#include "servers/net/checksum.h"
#include "servers/net/hooks.h"

#define IP4_HEADER 20u
#define TCP_HEADER 20u
#define HEADERS    (IP4_HEADER + TCP_HEADER)
#define PARTS      44u    /* at most */
#define LENGTH_MAX 65000u /* of the IP packet, which has 16 bits for it */
/* Nobody looks at these sums of what was put together. */
#define MERGE_CHECKS (NETIF_CHECKSUM_CHECK_IP | NETIF_CHECKSUM_CHECK_TCP)
#define TCP_NO_WORDS 0x50 /* data offset 5: no options */

static struct {
    struct pbuf *parts[PARTS]; /* the first with all headers */
    unsigned count;
    uint32_t next_sequence;
    uint32_t length; /* IP total length so far */
} held;

static uint32_t load(const uint8_t *p)
{
    uint32_t word;

    memcpy(&word, p, sizeof(word));
    return word;
}

/* A plain segment with data; its IP length, or 0. */
static uint32_t segment_length(const struct pbuf *p)
{
    const uint8_t *frame = p->payload, *ip = frame + SIZEOF_ETH_HDR;
    const uint8_t *tcp = ip + IP4_HEADER;
    uint32_t length;

    if (p->len <= SIZEOF_ETH_HDR + HEADERS || frame[12] != 0x08 ||
        frame[13] != 0x00 || ip[0] != 0x45 || ip[9] != IP_PROTO_TCP ||
        (ip[6] & 0x3f) != 0 || ip[7] != 0 || tcp[12] != TCP_NO_WORDS ||
        (tcp[13] & ~TCP_PSH) != TCP_ACK)
        return 0;
    length = (uint32_t)(ip[2] << 8 | ip[3]);
    return length > HEADERS && SIZEOF_ETH_HDR + length <= p->len ? length : 0;
}

/* Checks what the card did not: the header's sum, and that of the segment with
 * its pseudo-header (RFC 9293, 3.1). */
static bool is_sound(const uint8_t *ip, uint32_t length)
{
    uint64_t sum = checksum_sum(ip + IP4_HEADER, (int)(length - IP4_HEADER));

    sum += checksum_sum(ip + 12, 8);
    sum += lwip_htons(IP_PROTO_TCP);
    sum += lwip_htons((uint16_t)(length - IP4_HEADER));
    return checksum_sum(ip, IP4_HEADER) == 0xffff &&
           checksum_fold(sum) == 0xffff;
}

/* Whether it goes on where the held ones end: addresses, ports, what it
 * acknowledges and its window are the same. */
static bool follows(const uint8_t *ip, uint32_t length)
{
    const uint8_t *tcp = ip + IP4_HEADER, *first, *first_tcp;

    if (held.count == 0 || held.count == PARTS ||
        held.length + length - HEADERS > LENGTH_MAX)
        return false;
    first = (const uint8_t *)held.parts[0]->payload + SIZEOF_ETH_HDR;
    first_tcp = first + IP4_HEADER;
    return lwip_ntohl(load(tcp + 4)) == held.next_sequence &&
           load(ip + 12) == load(first + 12) &&
           load(ip + 16) == load(first + 16) && load(tcp) == load(first_tcp) &&
           load(tcp + 8) == load(first_tcp + 8) &&
           memcmp(tcp + 14, first_tcp + 14, 2) == 0 && ip[1] == first[1];
}

/* The first one's headers speak for all. */
static void append(struct pbuf *p, uint32_t length)
{
    uint8_t *first = (uint8_t *)held.parts[0]->payload + SIZEOF_ETH_HDR;
    const uint8_t *tcp =
        (const uint8_t *)p->payload + SIZEOF_ETH_HDR + IP4_HEADER;

    first[IP4_HEADER + 13] |= tcp[13] & TCP_PSH;
    held.length += length - HEADERS;
    first[2] = (uint8_t)(held.length >> 8);
    first[3] = (uint8_t)held.length;
    p->payload = (uint8_t *)p->payload + SIZEOF_ETH_HDR + HEADERS;
    p->len = p->tot_len = (uint16_t)(length - HEADERS);
    held.parts[held.count++] = p;
}

void merge_flush(struct card *c)
{
    unsigned count = held.count;

    if (count == 0)
        return;
    held.count = 0;
    for (unsigned i = count - 1; i-- > 0;) {
        held.parts[i]->next = held.parts[i + 1];
        held.parts[i]->tot_len =
            (uint16_t)(held.parts[i]->tot_len + held.parts[i + 1]->tot_len);
    }
    receive_deliver(c, held.parts[0], 0);
}

bool merge_take(struct card *c, struct pbuf *p, uint16_t checks)
{
    uint32_t length = segment_length(p);
    const uint8_t *ip = (const uint8_t *)p->payload + SIZEOF_ETH_HDR;

    if (length != 0 && (checks & MERGE_CHECKS) != 0 && !is_sound(ip, length))
        length = 0; /* lwIP will find that out, and count it */
    if (length != 0 && follows(ip, length)) {
        held.next_sequence += length - HEADERS;
        append(p, length);
        return true;
    }
    merge_flush(c);
    if (length == 0)
        return false;
    /* Without what Ethernet padded it with. */
    p->len = p->tot_len = (uint16_t)(SIZEOF_ETH_HDR + length);
    held.parts[0] = p;
    held.count = 1;
    held.length = length;
    held.next_sequence =
        lwip_ntohl(load(ip + IP4_HEADER + 4)) + length - HEADERS;
    return true;
}

/* RFC 9293, 3.8.6.3: every second segment is acknowledged at once. lwIP counts
 * a long one as one: as the second, then. */
int merge_acknowledge(struct tcp_pcb *pcb, const struct pbuf *p)
{
    if (p->next != NULL && pcb->state >= ESTABLISHED)
        tcp_set_flags(pcb, TF_ACK_DELAY);
    return ERR_OK;
}
