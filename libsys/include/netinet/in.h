/*
 * Addresses of IPv4 and IPv6, and the options of their sockets.
 */
#pragma once

#include <arpa/inet.h>
#include <stdint.h>
#include <sys/socket.h>

#define INET_ADDRSTRLEN  16
#define INET6_ADDRSTRLEN 46

struct sockaddr_in {
    sa_family_t sin_family;
    in_port_t sin_port; /* network order, as the address */
    struct in_addr sin_addr;
    unsigned char sin_zero[8];
};

struct in6_addr {
    union {
        uint8_t s6_addr[16];
        uint16_t s6_addr16[8];
        uint32_t s6_addr32[4];
    };
};

struct sockaddr_in6 {
    sa_family_t sin6_family;
    in_port_t sin6_port;
    uint32_t sin6_flowinfo;
    struct in6_addr sin6_addr;
    uint32_t sin6_scope_id; /* 1 for link-local addresses; not looked at */
};

extern const struct in6_addr in6addr_any, in6addr_loopback;
#define IN6ADDR_ANY_INIT                                                       \
    {                                                                          \
        {                                                                      \
            {                                                                  \
                0                                                              \
            }                                                                  \
        }                                                                      \
    }
#define IN6ADDR_LOOPBACK_INIT                                                  \
    {                                                                          \
        {                                                                      \
            {                                                                  \
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1                 \
            }                                                                  \
        }                                                                      \
    }

/* In the order of the CPU. */
#define INADDR_ANY             ((in_addr_t)0x00000000)
#define INADDR_LOOPBACK        ((in_addr_t)0x7f000001)
#define INADDR_BROADCAST       ((in_addr_t)0xffffffff)
#define INADDR_NONE            ((in_addr_t)0xffffffff)
#define INADDR_UNSPEC_GROUP    ((in_addr_t)0xe0000000)
#define INADDR_ALLHOSTS_GROUP  ((in_addr_t)0xe0000001)
#define INADDR_MAX_LOCAL_GROUP ((in_addr_t)0xe00000ff)

#define IN_CLASSA(a)    (((in_addr_t)(a)&0x80000000) == 0)
#define IN_CLASSB(a)    (((in_addr_t)(a)&0xc0000000) == 0x80000000)
#define IN_CLASSC(a)    (((in_addr_t)(a)&0xe0000000) == 0xc0000000)
#define IN_CLASSD(a)    (((in_addr_t)(a)&0xf0000000) == 0xe0000000)
#define IN_MULTICAST(a) IN_CLASSD(a)

#define IN6_ARE_ADDR_EQUAL(a, b)                                               \
    (__builtin_memcmp((a)->s6_addr, (b)->s6_addr, 16) == 0)
#define IN6_IS_ADDR_UNSPECIFIED(a) IN6_ARE_ADDR_EQUAL(a, &in6addr_any)
#define IN6_IS_ADDR_LOOPBACK(a)    IN6_ARE_ADDR_EQUAL(a, &in6addr_loopback)
#define IN6_IS_ADDR_MULTICAST(a)   ((a)->s6_addr[0] == 0xff)
#define IN6_IS_ADDR_LINKLOCAL(a)                                               \
    ((a)->s6_addr[0] == 0xfe && ((a)->s6_addr[1] & 0xc0) == 0x80)
#define IN6_IS_ADDR_SITELOCAL(a)                                               \
    ((a)->s6_addr[0] == 0xfe && ((a)->s6_addr[1] & 0xc0) == 0xc0)
#define IN6_IS_ADDR_V4MAPPED(a)                                                \
    ((a)->s6_addr32[0] == 0 && (a)->s6_addr32[1] == 0 &&                       \
     (a)->s6_addr32[2] == 0xffff0000)

#define IPPROTO_IP     0
#define IPPROTO_ICMP   1
#define IPPROTO_TCP    6
#define IPPROTO_UDP    17
#define IPPROTO_IPV6   41
#define IPPROTO_ICMPV6 58
#define IPPROTO_RAW    255

#define IPPORT_RESERVED 1024

/* Level IPPROTO_IP. */
#define IP_TOS             1
#define IP_TTL             2
#define IP_MULTICAST_IF    32
#define IP_MULTICAST_TTL   33
#define IP_MULTICAST_LOOP  34
#define IP_ADD_MEMBERSHIP  35
#define IP_DROP_MEMBERSHIP 36

/* Level IPPROTO_IPV6. */
#define IPV6_UNICAST_HOPS    16
#define IPV6_MULTICAST_IF    17
#define IPV6_MULTICAST_HOPS  18
#define IPV6_MULTICAST_LOOP  19
#define IPV6_JOIN_GROUP      20
#define IPV6_LEAVE_GROUP     21
#define IPV6_ADD_MEMBERSHIP  IPV6_JOIN_GROUP
#define IPV6_DROP_MEMBERSHIP IPV6_LEAVE_GROUP
#define IPV6_V6ONLY          26
#define IPV6_TCLASS          67

/* There is one interface: which one is not looked at. */
struct ip_mreq {
    struct in_addr imr_multiaddr;
    struct in_addr imr_interface;
};
struct ip_mreqn {
    struct in_addr imr_multiaddr;
    struct in_addr imr_address;
    int imr_ifindex;
};
struct ipv6_mreq {
    struct in6_addr ipv6mr_multiaddr;
    unsigned ipv6mr_interface;
};
