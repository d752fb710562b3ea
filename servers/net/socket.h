/*
 * Clients and their sockets, as the files of the socket half share them. A
 * client has an arena (<cordon/net_protocol.h>) that it may write to at any
 * time: of it only the positions of the client are read, each once, and
 * compared with what they can be (socket_look). Everything else that the
 * server knows of a socket it keeps here.
 *
 *   clients.c      connections, turns, wake-ups
 *   calls.c        the calls, decoded; socket_calls.c, option_call.c
 *   socket.c       what all sockets have: numbers, rings, events
 *   tcp_socket.c   connections; tcp_work.c, tcp_listen.c
 *   datagram.c     records, who may be sent to; udp_socket.c, ping_socket.c
 *   resolve.c, list.c
 *   rules.c, ip_address.c, arena.c, wake.c
 */
#pragma once

#include "servers/net/stack.h"

#include <cordon/clock.h>
#include <cordon/net_protocol.h>
#include <cordon/service.h>
#include <lwip/ip.h>
#include <lwip/netif.h>

#include "servers/net/arena.h"

#define CLIENTS_MAX   32u
#define SOCKETS_ALL   1024u /* of all clients; lwIP has pcbs for so many */
#define SOCKET_WORDS  (NET_SOCKETS_MAX / 64)
#define HEARD_ENTRIES 256u /* peers that a client may answer */
#define LOOKUPS_MAX   4u   /* names at once, of one client */
#define GROUPS_MAX    8u   /* that its sockets are in */
/* Connections that come, not accepted yet, for all listeners of a client. */
#define INCOMING_MAX 256u
/* What was given to a closed socket is sent within this time, or never. */
#define LINGER_NS (60 * NS_PER_S)

struct tcp_ext_arg_callbacks;
struct tcp_pcb;
struct udp_pcb;
struct pbuf;

/* A connection that came and was not accepted yet. */
struct incoming {
    struct incoming *next, *previous; /* older ones are before */
    struct socket *listener;
    struct tcp_pcb *pcb;
    struct pbuf *held; /* what it sent already */
    uint32_t window;   /* that it was offered */
    bool established, end;
};

struct socket {
    struct client *client;
    struct net_socket_shared *shared;
    uint8_t *send_ring, *receive_ring;
    uint8_t kind; /* enum net_kind; 0: free */
    uint8_t family;
    uint8_t number;
    uint32_t serial; /* no other ever has it */
    bool may_hear;   /* its port is one to listen on */
    bool no_delay;   /* TCP */
    bool connecting; /* TCP: SYN sent; UDP, ping: `peer` is set */
    bool finishing;  /* the data ends at send_head: NET_CALL_SHUTDOWN, _END */
    bool finished;   /* the FIN is in lwIP's hands */
    bool closing;    /* NET_CALL_END: free when all is sent */
    struct tcp_pcb *tcp; /* NULL when lwIP has no use for it any more */
    struct udp_pcb *udp;
    struct ip_pcb options; /* ping: its own, the pcb is everybody's */
    /* Positions: of the client as it last said, checked, and ours. */
    uint32_t send_head;    /* the client's */
    uint32_t send_next;    /* handed to lwIP up to here */
    uint32_t send_tail;    /* need not be kept any more up to here */
    uint32_t receive_head; /* in the ring up to here */
    uint32_t receive_tail; /* the client's */
    uint32_t credit;       /* taken by the client, not yet in TCP's window */
    uint32_t queued;       /* pbufs that TCP has to send, with lwIP */
    uint32_t lent;         /* in TCP's window before there was room */
    uint32_t events, errors, error;
    uint64_t linger;         /* ns: when closing ends */
    uint16_t identifier;     /* ping: of its echo requests */
    struct net_address peer; /* UDP, ping: connected to */
    /* Where the last datagram went, as the client wrote it: it was allowed. */
    struct net_address target;
    ip_addr_t target_ip;
    /* TCP listener: */
    struct incoming *first, *newest;
    uint32_t waiting, half_open, backlog;
    /* UDP: groups that it is in */
    ip_addr_t groups[4];
    uint8_t group_count;
};

/* Who was heard from, and may be answered (docs/network.md). */
struct heard {
    struct net_address peer;
    uint32_t serial; /* of the socket */
};

struct client {
    uint64_t badge; /* 0: free */
    struct service_client rights;
    bool open;
    bool broken; /* a lie was found: ends with this turn */
    enum net_status ended;
    struct net_shape shape;
    cap_t wake; /* the client's Notification */
    cap_t kick; /* ours, its copy */
    struct arena arena;
    struct net_shared *shared;
    struct socket *sockets;              /* shape.sockets */
    uint32_t next;                       /* socket to be looked at first */
    uint64_t todo[SOCKET_WORDS];         /* to look at */
    uint64_t later[SOCKET_WORDS];        /* ... when there is memory again */
    uint64_t news[SOCKET_WORDS];         /* for the client */
    uint32_t lookups, incoming, closing; /* how many of each */
    uint32_t queued, groups;             /* of its sockets together */
    struct heard *heard;                 /* HEARD_ENTRIES */
};

struct socket_counts {
    uint32_t denied, corrupt, accepted, connected, reset;
};
extern struct socket_counts socket_counts;

/* ---- clients.c ---- */

/* The client with this number, NULL if there is none; for list.c. */
struct client *client_at(unsigned i);
unsigned client_number(const struct client *c);

/* The sender of a message, asked for at init the first time. */
enum net_status client_find(uint64_t badge, struct client **out);

/* Begins a connection; any before it ends. The client's Notification becomes
 * the server's to delete, in any case. */
enum net_status client_open(struct client *c, const struct net_shape *shape,
                            cap_t wake);
void client_close(struct client *c, enum net_status why);

/* Shows the client what is new, and wakes it if it sleeps. */
void client_flush(struct client *c);

/* ---- socket.c ---- */

struct socket *socket_of(const struct client *c, uint64_t number);

/* A free one, with everything at its beginning; NULL: NET_E_LIMIT. */
struct socket *socket_take(struct client *c, enum net_kind kind,
                           unsigned family);

/* Without a pcb any more. The number is free again. */
void socket_free(struct socket *s);

/* Ends it as it is, whatever it is. */
void socket_abort(struct socket *s);

/* The client's data ends at this position. False: that cannot be, the client
 * is broken. */
bool socket_finish(struct socket *s, uint32_t end);

/* Closes: what is in its ring up to there is still sent. */
void socket_close(struct socket *s, uint32_t end);

/* Reads the client's positions. False: they cannot be, the client is broken. */
bool socket_look(struct socket *s);

/* Some of its work. True: there is more. */
bool socket_work(struct socket *s);

void socket_todo(struct socket *s);
void socket_later(struct socket *s);

/* Sets or clears events, or tells an error; socket_news(): positions moved. */
void socket_event(struct socket *s, uint32_t set, uint32_t clear);
void socket_error(struct socket *s, enum net_status error);
void socket_news(struct socket *s);
void socket_publish(struct socket *s);

/* Bytes that the receive ring takes, given what the client said it took. */
static inline uint32_t socket_room(const struct socket *s)
{
    return s->client->shape.receive_bytes - (s->receive_head - s->receive_tail);
}

/* Bytes at ring positions, to and fro: `at` moves on, the ring wraps. */
void ring_write(const struct socket *s, uint32_t at, const void *data,
                uint32_t bytes);
void ring_write_pbuf(const struct socket *s, uint32_t at, struct pbuf *p,
                     uint32_t offset);
void ring_read(const struct socket *s, uint32_t at, void *data, uint32_t bytes);

/* A datagram into the ring; dropped if there is no room. `offset` bytes of the
 * pbuf are not part of it. */
void socket_datagram(struct socket *s, struct pbuf *p, uint32_t offset,
                     const struct net_address *from);

/* Hands up to some datagrams to `send`, which says what became of each:
 * ERR_OK, or ERR_MEM to have it again later; else an error to be told. */
bool socket_datagrams(struct socket *s,
                      enum net_status (*send)(struct socket *s, uint32_t at,
                                              uint32_t bytes,
                                              const struct net_address *to));

/* May it send a datagram there? Counts if not. */
bool socket_may_send(struct socket *s, uint8_t protocol,
                     const struct net_address *to);
/* The address that a record says, if the socket may send there. */
enum net_status socket_target(struct socket *s, uint8_t protocol,
                              const struct net_address *to,
                              const ip_addr_t **ip);
/* May it hear from there? If so, it may answer. */
bool socket_may_hear(struct socket *s, uint8_t protocol,
                     const struct net_address *from);

/* ---- tcp_socket.c, tcp_work.c ---- */

/* Whose a pcb is: lwIP's ext_args have it under this number. */
extern uint8_t tcp_slot;
extern const struct tcp_ext_arg_callbacks tcp_nobody;

void tcp_sockets_start(void);
enum net_status tcp_socket_make(struct socket *s);
enum net_status tcp_socket_bind(struct socket *s, const ip_addr_t *own,
                                uint16_t port);
enum net_status tcp_socket_connect(struct socket *s,
                                   const struct net_address *peer);
bool tcp_socket_work(struct socket *s);
/* Lets go of the pcb: it is reset, or (`abort` false) was finished. */
void tcp_socket_drop(struct socket *s, bool abort);
/* Keeps account of what its client has under way with lwIP. */
void tcp_queue_count(struct socket *s);
/* Takes an accepted connection over. */
void tcp_socket_adopt(struct socket *s, struct incoming *in);
/* The window for a connection with the ring of this client. */
uint32_t tcp_window(const struct client *c, const struct tcp_pcb *pcb);

/* ---- tcp_listen.c ---- */

enum net_status tcp_socket_listen(struct socket *s, uint64_t backlog);
enum net_status tcp_socket_accept(struct socket *s, struct socket **out);
void tcp_listener_close(struct socket *s);

/* ---- udp_socket.c, ping_socket.c ---- */

enum net_status udp_socket_make(struct socket *s);
enum net_status udp_socket_bind(struct socket *s, const ip_addr_t *own,
                                uint16_t port);
enum net_status udp_socket_connect(struct socket *s,
                                   const struct net_address *peer);
enum net_status udp_socket_group(struct socket *s, const ip_addr_t *group,
                                 bool join);
bool udp_socket_work(struct socket *s);
void udp_socket_drop(struct socket *s);

enum net_status ping_socket_make(struct socket *s);
bool ping_socket_work(struct socket *s);
void ping_socket_drop(struct socket *s);

/* ---- ip_address.c ---- */

/* `any` of the socket's family if a->family is 0. False: not an address that
 * the socket can have to do with. */
bool ip_of_address(const struct net_address *a, unsigned family,
                   ip_addr_t *out);
void address_of_ip(const ip_addr_t *ip, uint16_t port, struct net_address *out);
/* Any, or one of this machine. */
bool ip_is_own(const ip_addr_t *ip);
/* NET_OK, or why nothing can be sent there. */
enum net_status ip_route_status(const ip_addr_t *to);
enum net_status status_of_err(int err);

/* ---- resolve.c, list.c ---- */

/* Answers the call now or later. */
void resolve_call(struct client *c, struct service *service, struct message *m);
enum net_status list_next(const struct client *c, uint64_t *position,
                          struct net_socket_info *out);
