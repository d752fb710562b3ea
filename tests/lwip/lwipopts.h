/*
 * Options for lwIP's own tests: ours, and what the tests presuppose otherwise.
 * Whatever is not named here is tested as it runs.
 */
#pragma once

#include "servers/net/lwip/lwipopts.h"

/* Their peers acknowledge by hand: windows of a few segments, and more to send
 * than fits in one. They reckon with 536 bytes a segment, no
 * scaling and three seconds until the first repetition. */
#undef TCP_MSS
#undef TCP_WND
#undef TCP_SND_BUF
#undef TCP_SND_QUEUELEN
#undef TCP_SNDLOWAT
#undef TCP_RCV_SCALE
#undef MEMP_NUM_TCP_SEG
#undef LWIP_TCP_RTO_TIME
#undef TCP_OOSEQ_MAX_PBUFS
#undef TCP_OOSEQ_PBUFS_LIMIT
#define TCP_MSS          536
#define TCP_SND_QUEUELEN 40
#define MEMP_NUM_TCP_SEG TCP_SND_QUEUELEN
#define TCP_SND_BUF      (12 * TCP_MSS)
#define TCP_WND          (10 * TCP_MSS)
#define TCP_SNDLOWAT     (TCP_SND_BUF / 2)
#define TCP_RCV_SCALE    0

/* They know which sequence numbers to expect, and that DHCP and a netif that
 * comes up look first whether somebody has the address (RFC 5227). */
#undef LWIP_HOOK_FILENAME
#undef LWIP_DHCP_DOES_ACD_CHECK
#define LWIP_DHCP_DOES_ACD_CHECK 1

/* They fill the table of neighbours with those of one small network. */
#undef ARP_TABLE_SIZE
#define ARP_TABLE_SIZE 64

/* They count what is in use, and look at pools that we do not have. */
#undef MEM_STATS
#undef PBUF_POOL_SIZE
#define MEM_STATS                      1
#define PBUF_POOL_SIZE                 400
#define LWIP_TESTMODE                  1
#define LWIP_NETIF_EXT_STATUS_CALLBACK 1
#define ETHARP_SUPPORT_STATIC_ENTRIES  1
