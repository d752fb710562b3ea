/* What lwIP asks us in the middle of its work (LWIP_HOOK_FILENAME). */
#pragma once

#include <lwip/ip_addr.h>

/* The first sequence number of a connection: RFC 6528. */
uint32_t random_sequence(const ip_addr_t *own, uint16_t own_port,
                         const ip_addr_t *peer, uint16_t peer_port);
#define LWIP_HOOK_TCP_ISN random_sequence

/* Before a segment is given to its connection (merge.c). */
struct pbuf;
struct tcp_pcb;
int merge_acknowledge(struct tcp_pcb *pcb, const struct pbuf *p);
#define LWIP_HOOK_TCP_INPACKET_PCB(pcb, header, options, first, second, p)     \
    merge_acknowledge(pcb, p)
