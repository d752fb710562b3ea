/*
 * A connection to the network stack, as the parts of its client see it:
 * net_connection.c makes it, net_client.c asks for things, net_stream.c and
 * net_datagram.c move data, net_wait.c tells and waits.
 */
#pragma once

#include <cordon/cordon.h>
#include <cordon/net_protocol.h>

#define NET_PATIENCE (10 * NS_PER_S) /* for the server to answer a call */
#define NET_LOOK     NS_PER_S        /* between looks at a silent server */
#define NET_WORDS    (NET_SOCKETS_MAX / 64)

/* This side's knowledge of a socket: nobody else can change it. */
struct net_socket {
    uint32_t send_head, send_tail;
    uint32_t receive_head, receive_tail;
    uint32_t told;   /* receive_tail when the server was last told of it */
    uint32_t errors; /* seen so far */
    uint8_t kind;    /* enum net_kind; 0: no such socket */
};

struct net {
    cap_t endpoint;
    cap_t wake; /* the server signals it */
    cap_t kick; /* we signal it */
    bool own_wake;
    int state; /* enum net_status; not OK: for good */
    struct net_limits limits;
    struct net_shape shape;
    struct memory arena;
    struct net_shared *shared; /* its first bytes */
    uint64_t open[NET_WORDS];  /* sockets that exist */
    uint64_t tell[NET_WORDS];  /* that the server is to look at */
    uint64_t news[NET_WORDS];  /* that net_news() has yet to return */
    struct net_socket sockets[NET_SOCKETS_MAX];
};

/* Sends *m; the answer replaces it. An enum net_status: its label, or that
 * nobody answers. For the first of these, `net` stays as it is. */
int net_call_endpoint(cap_t endpoint, struct message *m, uint64_t patience);
int net_call(struct net *net, struct message *m);

/* The socket, if it is one of this kind (0: any) and the connection works. */
static inline struct net_socket *net_socket_find(struct net *net,
                                                 unsigned socket, unsigned kind)
{
    struct net_socket *s = &net->sockets[socket];

    if (socket >= NET_SOCKETS_MAX || s->kind == 0 || net->state != NET_OK ||
        (kind != 0 && s->kind != kind))
        return NULL;
    return s;
}

static inline struct net_socket_shared *net_socket_shared(const struct net *net,
                                                          unsigned socket)
{
    return net_arena_socket(net->shared, socket);
}

static inline void net_set(uint64_t *set, unsigned socket)
{
    set[socket / 64] |= 1ull << socket % 64;
}

static inline void net_clear(uint64_t *set, unsigned socket)
{
    set[socket / 64] &= ~(1ull << socket % 64);
}

/* What the server wrote cannot be: the end of the connection. */
void net_broken(struct net *net);

/* Free bytes of the send ring; looks at the server's position. */
uint32_t net_room(struct net *net, unsigned socket, struct net_socket *s);

/* The same; looks only if what is known of is less than `enough`. */
static inline uint32_t net_room_for(struct net *net, unsigned socket,
                                    struct net_socket *s, size_t enough)
{
    uint32_t known = net->shape.send_bytes - (s->send_head - s->send_tail);

    return known >= enough ? known : net_room(net, socket, s);
}

/* Bytes waiting in the receive ring; looks at the server's position. */
uint32_t net_waiting(struct net *net, unsigned socket, struct net_socket *s);

/* Positions moved on by `bytes`: shown, and noted for net_kick(). */
void net_sent(struct net *net, unsigned socket, struct net_socket *s,
              uint32_t bytes);
void net_taken(struct net *net, unsigned socket, struct net_socket *s,
               uint32_t bytes);

/* The parts of net_wait(), for threads that share a connection under a mutex.
 * net_tell(): net_kick() but for the signal. True: the server must get it.
 * Asleep (after net_sleep()), without the mutex: waits to be woken, at most
 * NET_LOOK; `kick` signals the server first. Touches nothing but capabilities.
 * Then, with the mutex: what it returned tells whether the server still lives.
 * True: news, or the end. */
bool net_tell(struct net *net);
uint64_t net_doze(const struct net *net, bool kick, uint64_t deadline);
bool net_woken(struct net *net, uint64_t status);

/* What net_sleep() or net_woken() found is not to be returned by net_news(). */
void net_news_forget(struct net *net);

/* To and from a ring of `ring` bytes at position `at`, round its end. */
void net_ring_put(uint8_t *base, uint32_t ring, uint32_t at, const void *data,
                  size_t bytes);
void net_ring_get(const uint8_t *base, uint32_t ring, uint32_t at, void *data,
                  size_t bytes);
