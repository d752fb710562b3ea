/*
 * lwIP's options (lwip/opt.h says what each means). One thread runs the stack
 * (NO_SYS) and our own files use its raw API. Every pool has a bound here, so
 * that what strangers send can use up no more than that.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "servers/net/heap.h"

#define NO_SYS               1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN         0
#define LWIP_SOCKET          0

/* Memory: what may be sent from is in one heap (heap.c), lent to the card;
 * structures are in pools of their own, which nobody else sees. */
#define MEM_CUSTOM_ALLOCATOR 1
#define MEM_CUSTOM_MALLOC    heap_take
#define MEM_CUSTOM_CALLOC    heap_take_zeroed
#define MEM_CUSTOM_FREE      heap_give
#define MEM_ALIGNMENT        8
#define MEM_SIZE             (8u << 20)
/* Nobody takes from this pool: what comes is copied into the heap. lwIP's check
 * that it has room for a window would be about the wrong memory. */
#define PBUF_POOL_SIZE                 4
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1

/* Protocols. */
#define LWIP_IPV4                      1
#define LWIP_ARP                       1
#define LWIP_ICMP                      1
#define LWIP_IGMP                      1
#define LWIP_DHCP                      1
#define LWIP_DHCP_DOES_ACD_CHECK       0 /* seven seconds; address.c looks out */
#define LWIP_DNS                       1
#define LWIP_RAW                       1
#define LWIP_UDP                       1
#define LWIP_TCP                       1
#define LWIP_IPV6                      1
#define LWIP_IPV6_MLD                  1
#define LWIP_IPV6_AUTOCONFIG           1
#define LWIP_IPV6_NUM_ADDRESSES        4
#define LWIP_IPV6_DUP_DETECT_ATTEMPTS  1
#define LWIP_ND6_RDNSS_MAX_DNS_SERVERS 2
#define LWIP_IPV6_SEND_ROUTER_SOLICIT  1

/* Interfaces: one card and the loop. */
#define LWIP_SINGLE_NETIF            0
#define LWIP_NETIF_HOSTNAME          1
#define LWIP_NETIF_STATUS_CALLBACK   1
#define LWIP_NETIF_LINK_CALLBACK     1
#define LWIP_NETIF_LOOPBACK          1
#define LWIP_HAVE_LOOPIF             1
#define LWIP_LOOPBACK_MAX_PBUFS      256
#define LWIP_SUPPORT_CUSTOM_PBUF     1
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1

/* Addresses of neighbours, and packets that wait for one. All of a usual
 * network
 * (/24): when there are more, those that are known make room for those that are
 * asked for, so a flood from neighbours that are not there would cut off the
 * gateway. */
#define ARP_TABLE_SIZE            256
#define ARP_QUEUEING              1
#define ARP_QUEUE_LEN             8
#define MEMP_NUM_ARP_QUEUE        64
#define ETHARP_TABLE_MATCH_NETIF  1
#define LWIP_ND6_NUM_NEIGHBORS    64
#define LWIP_ND6_NUM_DESTINATIONS 64
#define MEMP_NUM_ND6_QUEUE        64
#define MEMP_NUM_IGMP_GROUP       64
#define MEMP_NUM_MLD6_GROUP       64

/* What a packet that waits points to may be a client's, and the client gone
 * before it is sent. */
#define PBUF_NEEDS_COPY(p) ((p) != NULL)

/* Fragments. A datagram of 64 KiB has 45; IP_REASS_MAX_PBUFS bounds all of
 * them together, and the oldest datagram makes room for a new one. */
#define IP_REASSEMBLY        1
#define IP_FRAG              1
#define IP_REASS_MAX_PBUFS   180
#define IP_REASS_FREE_OLDEST 1
#define IP_REASS_MAXAGE      15
#define MEMP_NUM_REASSDATA   32
#define MEMP_NUM_FRAG_PBUF   128
#define LWIP_IPV6_FRAG       1
#define LWIP_IPV6_REASS      1
#define IPV6_REASS_MAXAGE    15
#define IPV6_FRAG_COPYHEADER 1

/* Connections. There are SOCKETS_ALL sockets (servers/net/socket.h), of any
 * kind; besides connections that come or have ended. */
#define MEMP_NUM_TCP_PCB           2048
#define MEMP_NUM_TCP_PCB_LISTEN    1024
#define MEMP_NUM_UDP_PCB           (1024 + 16) /* and lwIP's own */
#define MEMP_NUM_RAW_PCB           4           /* all pings share two */
#define TCP_LISTEN_BACKLOG         1
#define TCP_DEFAULT_LISTEN_BACKLOG 64
#define LWIP_TCP_KEEPALIVE         1
#define SO_REUSE                   1
#define LWIP_TCP_PCB_NUM_EXT_ARGS  1 /* whose it is: tcp_socket.c */
#define IP_SOF_BROADCAST           1
#define IP_SOF_BROADCAST_RECV      0
#define LWIP_MULTICAST_TX_OPTIONS  1

/* TCP. */
#define TCP_MSS            1460
#define LWIP_WND_SCALE     1
#define TCP_RCV_SCALE      2
#define TCP_WND            (128u << 10)
#define TCP_SND_BUF        (128u << 10)
#define TCP_SND_QUEUELEN   360
#define TCP_SNDLOWAT       (32u << 10)
#define MEMP_NUM_TCP_SEG   8192
#define MEMP_NUM_PBUF      8192
#define TCP_QUEUE_OOSEQ    1
#define LWIP_TCP_SACK_OUT  1
#define LWIP_TCP_RTO_TIME  1000    /* RFC 6298, 2.1 */
#define TCP_MSL            15000ul /* so TIME-WAIT is 30 s */
#define LWIP_HOOK_FILENAME "servers/net/hooks.h"

/* What came out of order waits as long as memory is plenty (receive.c). */
int receive_out_of_order(void);
#define TCP_OOSEQ_MAX_PBUFS        128
#define TCP_OOSEQ_PBUFS_LIMIT(pcb) receive_out_of_order()

/* Names. */
#define DNS_TABLE_SIZE      16
#define DNS_MAX_NAME_LENGTH 256
#define DNS_MAX_SERVERS     2
#define LWIP_DNS_SECURE                                                        \
    (LWIP_DNS_SECURE_RAND_XID | LWIP_DNS_SECURE_NO_MULTIPLE_OUTSTANDING |      \
     LWIP_DNS_SECURE_RAND_SRC_PORT)

/* Besides lwIP's own timers, the loop's (main.c). */
#define MEMP_NUM_SYS_TIMEOUT (LWIP_NUM_SYS_TIMEOUT_INTERNAL + 8)

#define LWIP_STATS       1
#define LWIP_STATS_LARGE 1
#define MEM_STATS        0
#define MIB2_STATS       1
