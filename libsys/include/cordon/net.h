/*
 * Network service: TCP, UDP and ping sockets of the stack that servers/net
 * keeps, each client with its own rights, limits and memory (docs/network.md).
 *
 * Most programs use sockets and poll() (<sys/socket.h>, libsys/posix), which
 * stand on the functions here. Nothing here blocks but net_open(),
 * net_resolve() and net_wait().
 *
 *   net_open("net", NULL, &net);
 *   net_socket(net, NET_TCP, 4, &s);
 *   net_connect(net, s, &peer);            NET_CONNECTED shows in net_events()
 *   n = net_send(net, s, data, bytes); net_kick(net);
 *   n = net_receive(net, s, buffer, room);
 *   net_wait(net, deadline); net_news(net, set);
 *
 * Data goes through two rings for each socket, in memory that the server owns
 * and lends to the client: no client can take memory away from under the
 * server, and what is sent lies where the network card may read it already.
 *
 * libsys/net_client.c implements it; <cordon/net_protocol.h> has the protocol.
 *
 * One thread at a time may use a struct net.
 */
#pragma once

#include <cordon/abi.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Status of a call; net_error_text() says it for people. */
enum net_status {
    NET_OK = 0,
    NET_E_REQUEST = 1,     /* malformed call, or not for this kind: EINVAL */
    NET_E_DENIED = 2,      /* the policy does not allow it: EACCES */
    NET_E_LIMIT = 3,       /* all sockets in use: EMFILE; see net_limits */
    NET_E_MEMORY = 4,      /* ENOBUFS */
    NET_E_IN_USE = 5,      /* the port has an owner: EADDRINUSE */
    NET_E_ADDRESS = 6,     /* not an address of this machine: EADDRNOTAVAIL */
    NET_E_UNREACHABLE = 7, /* no route, or no address yet: ENETUNREACH */
    NET_E_NO_LINK = 8,     /* the cable is out: ENETDOWN */
    NET_E_REFUSED = 9,     /* ECONNREFUSED */
    NET_E_RESET = 10,      /* by the peer: ECONNRESET */
    NET_E_TIMEOUT = 11,    /* ETIMEDOUT */
    NET_E_ABORTED = 12,    /* by this side or the stack: ECONNABORTED */
    NET_E_NOT_CONNECTED = 13, /* ENOTCONN */
    NET_E_CONNECTED = 14,     /* already, or being so: EISCONN */
    NET_E_AGAIN = 15,         /* nothing there yet, no room yet: EAGAIN */
    NET_E_SIZE = 16,        /* datagram larger than the ring takes: EMSGSIZE */
    NET_E_NOT_FOUND = 17,   /* no such name */
    NET_E_NAME_SERVER = 18, /* none known, or none answers */
    NET_E_UNSUPPORTED = 19, /* EOPNOTSUPP */
    NET_E_SOCKET = 20,      /* no such socket of this client: EBADF */
    NET_E_GONE = 21,        /* the server has gone, all sockets with it: EIO */
    NET_E_CORRUPT = 22,     /* the other side broke a ring: given up */
    NET_STATUSES = 23
};

enum net_kind {
    NET_TCP = 1,
    NET_UDP = 2,
    /* Datagrams are ICMP or ICMPv6 messages from their type on; only echo
     * requests are sent. The server fills in identifier and checksum, and
     * passes on the answers that carry this socket's identifier, and errors
     * about its requests. */
    NET_PING = 3,
};

/* Where a socket is, or its peer. */
struct net_address {
    uint8_t family; /* 4, 6; 0: none, any */
    uint8_t reserved;
    uint16_t port;       /* in the order of the CPU */
    uint8_t address[16]; /* network order; IPv4 in the first four */
    uint32_t reserved1;
};
_Static_assert(sizeof(struct net_address) == 24, "as messages have it");

/* What the policy gives this client (docs/policy.md, `network`). */
struct net_limits {
    uint64_t memory;  /* bytes of the server's for rings, all together */
    uint32_t sockets; /* at once */
    uint32_t mtu;
    uint8_t may_listen, may_connect; /* somewhere */
    uint8_t may_resolve, may_configure;
    uint32_t protocol; /* NET_PROTOCOL of the server */
};

#define NET_SOCKETS_MAX 256u
#define NET_RING_MIN    4096u
#define NET_RING_MAX    (1u << 20)

struct net; /* a connection to the service */

/* What net_open may be told; all zero (or NULL) are the defaults. */
struct net_options {
    uint32_t sockets;       /* at once; 0: as many as the policy allows */
    uint32_t send_bytes;    /* of each socket's ring, a power of two from */
    uint32_t receive_bytes; /* NET_RING_MIN to NET_RING_MAX; 0: the largest,
                               up to 64 KiB, that the policy's memory allows */
    cap_t wake; /* as in <cordon/packet.h>; 0: the library has its own */
};

/* Connects. Waits up to 10 s for the server. Not for an address or a link. */
int net_open(const char *service, const struct net_options *options,
             struct net **out);

/* Aborts what is still open. */
void net_close(struct net *net);

const struct net_limits *net_limits(const struct net *net);

/* NET_OK, or why nothing works any more: NET_E_GONE, NET_E_CORRUPT. Then only
 * net_close() is left to do. */
int net_state(const struct net *net);

/* A socket for IPv4 (`family` 4), IPv6 (6), or, for a listener, both (0).
 * *socket is 0 to net_limits()->sockets - 1. */
int net_socket(struct net *net, enum net_kind kind, unsigned family,
               unsigned *socket);

/* Closes: what was given to net_send() is still sent, but nothing more is
 * received. `abort`: a TCP connection is reset. The number is free for others
 * when the stack has finished with it. */
int net_socket_close(struct net *net, unsigned socket, bool abort);

/* Address and port of this side; port 0: the stack chooses one. */
int net_bind(struct net *net, unsigned socket, const struct net_address *own);

/* TCP: accept connections, up to `backlog` of them waiting. */
int net_listen(struct net *net, unsigned socket, unsigned backlog);

/* The longest waiting connection as a socket of its own. NET_E_AGAIN if there
 * is none; NET_E_LIMIT if all sockets are in use: then it goes on waiting. */
int net_accept(struct net *net, unsigned socket, unsigned *connection,
               struct net_address *peer);

/* TCP: begins to connect; NET_CONNECTED or NET_DEAD will tell. UDP and ping:
 * where datagrams without an address go, and only from there are they taken;
 * family 0 undoes it. */
int net_connect(struct net *net, unsigned socket,
                const struct net_address *peer);

/* TCP: nothing more is sent after what was given to net_send() (FIN). */
int net_shutdown_send(struct net *net, unsigned socket);

/* Both addresses; either may be NULL. */
int net_addresses(struct net *net, unsigned socket, struct net_address *own,
                  struct net_address *peer);

enum net_option {
    NET_OPTION_NO_DELAY = 1,   /* TCP: 1 sends small pieces at once */
    NET_OPTION_KEEP_ALIVE = 2, /* TCP: seconds idle until probed; 0: never */
    NET_OPTION_REUSE = 3,      /* bind over a connection's remains */
    NET_OPTION_BROADCAST = 4,  /* UDP: 1 may send to broadcast addresses */
    NET_OPTION_TTL = 5,        /* hop limit, 1 to 255 */
    NET_OPTION_TOS = 6,        /* type of service, traffic class, 0 to 255 */
};
int net_option(struct net *net, unsigned socket, enum net_option option,
               uint32_t value);

/* UDP: receive what is sent to this group, or no longer. */
int net_group(struct net *net, unsigned socket, const struct net_address *group,
              bool join);

/* ---- Data ---- */

enum net_events {
    NET_CONNECTED = 1, /* TCP: the connection is there, or was */
    NET_END = 2,       /* TCP: the peer sends nothing more */
    NET_DEAD = 4,      /* nothing goes any more; net_take_error() says why */
    NET_ACCEPT = 8,    /* a connection waits for net_accept() */
};
unsigned net_events(const struct net *net, unsigned socket);

/* The error that came since the last call (NET_E_...), or NET_OK. */
int net_take_error(struct net *net, unsigned socket);

/* TCP: puts as much as there is room for into the ring; returns how much. */
size_t net_send(struct net *net, unsigned socket, const void *data,
                size_t bytes);
size_t net_send_room(struct net *net, unsigned socket);

/* The same without a copy: *bytes of room in one piece, to be filled in place,
 * and then passed. NULL: no room. */
void *net_send_space(struct net *net, unsigned socket, size_t *bytes);
void net_send_pass(struct net *net, unsigned socket, size_t bytes);

/* TCP: takes what came, up to `room` bytes. 0: nothing yet, or NET_END. */
size_t net_receive(struct net *net, unsigned socket, void *data, size_t room);
size_t net_receive_waiting(struct net *net, unsigned socket);

/* The same, and it stays there to be taken. */
size_t net_receive_peek(struct net *net, unsigned socket, void *data,
                        size_t room);

/* The same without a copy: what came, in one piece, to be read in place; then
 * passed. The server may write there, so look once. NULL: nothing. */
const void *net_receive_data(struct net *net, unsigned socket, size_t *bytes);
void net_receive_pass(struct net *net, unsigned socket, size_t bytes);

/* UDP and ping: one datagram. `to` NULL: to the connected peer. NET_OK,
 * NET_E_AGAIN (no room), NET_E_SIZE, NET_E_DENIED (seen later: as an error). */
int net_send_to(struct net *net, unsigned socket, const void *data,
                size_t bytes, const struct net_address *to);

/* UDP and ping: the oldest datagram; *bytes is its whole length, even if more
 * than `room`, and the rest is lost unless `peek`. NET_E_AGAIN: none. */
int net_receive_from(struct net *net, unsigned socket, void *data, size_t room,
                     size_t *bytes, struct net_address *from, bool peek);

/* Shows the server what was sent and taken, and wakes it if it sleeps: once
 * for a batch, all sockets. */
void net_kick(struct net *net);

/* Kicks, then waits for news of any socket until `deadline` (0 polls). True:
 * net_news() has some, or net_state() is not NET_OK any more. */
bool net_wait(struct net *net, uint64_t deadline);

/* For a caller that waits elsewhere (with net_options.wake); as packet_sleep()
 * and its like. net_check(): false: the server has died. */
bool net_sleep(struct net *net);
void net_awake(struct net *net);
bool net_check(struct net *net);

/* The next socket that something happened on since it was last returned here:
 * data came, was sent, an event. -1: none. */
int net_news(struct net *net);

/* ---- Names, and the machine's state ---- */

#define NET_NAME_MAX    255u /* characters of a host name */
#define NET_ANSWERS_MAX 8u

/* DNS: addresses of `name` (family 4, 6, or 0 for both), in order of
 * preference. Waits for the answer, 20 s at most; other threads may use `net`
 * meanwhile. */
int net_resolve(struct net *net, const char *name, unsigned family,
                struct net_address *out, unsigned max, unsigned *count);

#define NET_IPV6_MAX 4u
#define NET_DNS_MAX  2u
enum net_interface_flags {
    NET_INTERFACE_UP = 1,        /* not switched off by net_configure() */
    NET_INTERFACE_LINK = 2,      /* the cable is in */
    NET_INTERFACE_DHCP = 4,      /* address comes by DHCP ... */
    NET_INTERFACE_DHCP_DONE = 8, /* ... and has come */
    NET_INTERFACE_IPV6 = 16,
};
struct net_interface {
    char name[16];   /* "en0" */
    char device[32]; /* as the driver names it */
    uint8_t mac[6];
    uint16_t mtu;
    uint32_t flags; /* enum net_interface_flags */
    uint32_t mbps;  /* 0: not known */
    uint8_t address[4], netmask[4], gateway[4];
    uint8_t ipv6[NET_IPV6_MAX][16];    /* all zero: none */
    uint8_t ipv6_prefix[NET_IPV6_MAX]; /* bits; 0: tentative */
    uint32_t lease_seconds;            /* of DHCP, left; 0: none */
    struct net_address dns[NET_DNS_MAX];
    uint64_t received, received_bytes, sent, sent_bytes; /* packets */
    uint64_t dropped; /* came, but no memory or no sense */
    uint64_t missed;  /* of the card: came, but no buffer */
    char hostname[32];
};

/* Counts since the server started, of the protocols; they wrap. */
struct net_protocol_counts {
    uint32_t received, sent, dropped, bad_checksum, malformed, no_memory,
        no_route, refused;
};
struct net_statistics {
    struct net_protocol_counts link, arp, ip4, ip6, fragments, icmp, udp, tcp;
    uint32_t tcp_retransmitted, tcp_accepted, tcp_connected, tcp_reset;
    uint32_t denied;  /* what a client's rules did not allow */
    uint32_t corrupt; /* clients that broke their rings */
};

enum net_tcp_state { /* RFC 9293, 3.3.2, in lwIP's order */
                     NET_CLOSED = 0,
                     NET_LISTEN = 1,
                     NET_SYN_SENT = 2,
                     NET_SYN_RECEIVED = 3,
                     NET_ESTABLISHED = 4,
                     NET_FIN_WAIT_1 = 5,
                     NET_FIN_WAIT_2 = 6,
                     NET_CLOSE_WAIT = 7,
                     NET_CLOSING = 8,
                     NET_LAST_ACK = 9,
                     NET_TIME_WAIT = 10,
};
struct net_socket_info {
    char owner[32]; /* component; "-": the stack's own */
    uint8_t kind;   /* enum net_kind */
    uint8_t state;  /* enum net_tcp_state, of a TCP socket */
    uint16_t reserved;
    uint32_t unsent, unread; /* bytes in the rings */
    struct net_address own, peer;
};

int net_interface(struct net *net, struct net_interface *out);
int net_statistics(struct net *net, struct net_statistics *out);

/* The sockets of this client; with the right to configure, everybody's.
 * *position is 0 at first; NET_E_NOT_FOUND after the last one. */
int net_list(struct net *net, uint64_t *position, struct net_socket_info *out);

enum net_configure_action {
    NET_CONFIGURE_DOWN = 1,
    NET_CONFIGURE_UP = 2,
    NET_CONFIGURE_DHCP = 3,
    NET_CONFIGURE_ADDRESS = 4, /* IPv4 address, prefix bits, gateway */
    NET_CONFIGURE_DNS = 5,     /* address */
};
struct net_configuration {
    uint32_t action;
    uint32_t prefix;
    struct net_address address, gateway; /* gateway's family 0: none */
};
int net_configure(struct net *net, const struct net_configuration *what);

/* One line for people, without a newline; and the errno. */
const char *net_error_text(int status);
int net_error_errno(int status);
