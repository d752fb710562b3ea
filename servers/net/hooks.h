/* What lwIP asks us in the middle of its work (LWIP_HOOK_FILENAME). */
#pragma once

#include <lwip/ip_addr.h>

/* The first sequence number of a connection: RFC 6528. */
uint32_t random_sequence(const ip_addr_t *own, uint16_t own_port,
                         const ip_addr_t *peer, uint16_t peer_port);
#define LWIP_HOOK_TCP_ISN random_sequence
