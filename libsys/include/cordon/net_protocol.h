/*
 * The protocol between servers/net and its clients; <cordon/net.h> is what a
 * program uses.
 *
 * Calls on the service's endpoint; the badge names the client, and the server
 * asks init what the policy allows it (service_client, <cordon/service.h>).
 * Replies carry an enum net_status as their label. Structures travel as bytes
 * (message_put_bytes). "socket" is a word, its number; the server checks every
 * time that it is this client's.
 *
 *  INFO      -> struct net_limits
 *  OPEN      NET_PROTOCOL, sockets, send bytes, receive bytes; cap: the
 *            Notification that the server signals -> number of Frames, their
 *            size_bits; cap: the Notification that the client signals. An
 *            older connection of this client ends: its sockets are aborted.
 *  FRAMES    first -> number of Frames; as many caps: they hold the arena.
 *  CLOSE     ends the connection.
 *  SOCKET    kind, family -> socket
 *  END       socket, send_head, 1 to abort
 *  BIND      socket, struct net_address
 *  LISTEN    socket, backlog
 *  ACCEPT    socket -> socket, struct net_address of the peer
 *  CONNECT   socket, struct net_address
 *  SHUTDOWN  socket, send_head: where the data ends
 *  NAMES     socket -> struct net_address own, peer
 *  OPTION    socket, enum net_option, value
 *  GROUP     socket, 1 to join, struct net_address
 *  RESOLVE   family, name as bytes -> count, as many struct net_address
 *  INTERFACE  -> struct net_interface
 *  STATISTICS -> struct net_statistics
 *  LIST      position -> next position, struct net_socket_info
 *  CONFIGURE struct net_configuration
 *
 * The arena (net_arena_*() below) has a head, struct net_shared, then a struct
 * net_socket_shared for each socket, then each socket's two rings of bytes.
 * Positions count bytes mod 2^32; a ring's byte p is at p mod its size. Each
 * side keeps its own positions privately and checks what it reads of the
 * other's: a position that cannot be ends the connection (NET_E_CORRUPT).
 *
 * TCP rings carry the stream. send_tail moves when the peer has acknowledged.
 * UDP and ping rings carry records: struct net_record, the data, and padding
 * to the next multiple of NET_RECORD_ALIGN. A record is copied, then checked.
 *
 * A socket begins with all of its struct net_socket_shared 0, the client's half
 * too: the server clears it before it answers SOCKET or makes a connection for
 * ACCEPT (whose data may then come before that answer).
 *
 * Whoever moves a position sets the socket's bit in the other side's `work`
 * (an atomic or), after it; who finds `sleeps` set then clears it and signals.
 * A side that is about to sleep sets `sleeps`, then looks at `work` once more.
 * The tails of a stream need no bit until a quarter of the ring is free that
 * the other side was not told of, and the client's tail of datagrams none at
 * all: the server reads it when it has one to put.
 */
#pragma once

#include <cordon/net.h>

#define NET_PROTOCOL     1u
#define NET_RECORD_ALIGN 32u
/* A client that took so many bytes of a stream, or a quarter of the ring, tells
 * the server at the latest: TCP's window may be no larger than what is left. */
#define NET_TELL_BYTES 16384u

enum net_call {
    NET_CALL_INFO = 1,
    NET_CALL_OPEN = 2,
    NET_CALL_FRAMES = 3,
    NET_CALL_CLOSE = 4,
    NET_CALL_SOCKET = 5,
    NET_CALL_END = 6,
    NET_CALL_BIND = 7,
    NET_CALL_LISTEN = 8,
    NET_CALL_ACCEPT = 9,
    NET_CALL_CONNECT = 10,
    NET_CALL_SHUTDOWN = 11,
    NET_CALL_NAMES = 12,
    NET_CALL_OPTION = 13,
    NET_CALL_GROUP = 14,
    NET_CALL_RESOLVE = 15,
    NET_CALL_INTERFACE = 16,
    NET_CALL_STATISTICS = 17,
    NET_CALL_LIST = 18,
    NET_CALL_CONFIGURE = 19,
};

/* One side's word that it sleeps, and the sockets that it is to look at. */
struct net_side {
    _Alignas(64) uint64_t work[NET_SOCKETS_MAX / 64];
    uint32_t sleeps;
};
struct net_shared {
    struct net_side server; /* work: written by the client, cleared there */
    struct net_side client;
};

struct net_socket_shared {
    /* Written by the client. */
    _Alignas(64) uint32_t send_head; /* put into the send ring so far */
    uint32_t receive_tail;           /* taken from the receive ring */
    /* Written by the server. */
    _Alignas(64) uint32_t send_tail; /* of the send ring, free again */
    uint32_t receive_head;           /* put into the receive ring */
    uint32_t events;                 /* enum net_events */
    uint32_t errors;                 /* how many there were ... */
    uint32_t error;                  /* ... and the last, enum net_status */
};
_Static_assert(sizeof(struct net_socket_shared) == 128, "two cache lines");

struct net_record {
    uint32_t bytes;          /* of the datagram that follows */
    uint32_t reserved;       /* 0 */
    struct net_address peer; /* to or from; family 0: the connected one */
};
_Static_assert(sizeof(struct net_record) == NET_RECORD_ALIGN, "never torn");

/* The arena's shape, for both sides. */
struct net_shape {
    uint32_t sockets, send_bytes, receive_bytes;
};
static inline bool net_shape_allowed(const struct net_shape *s)
{
    return s->sockets >= 1 && s->sockets <= NET_SOCKETS_MAX &&
           s->send_bytes >= NET_RING_MIN && s->send_bytes <= NET_RING_MAX &&
           (s->send_bytes & (s->send_bytes - 1)) == 0 &&
           s->receive_bytes >= NET_RING_MIN &&
           s->receive_bytes <= NET_RING_MAX &&
           (s->receive_bytes & (s->receive_bytes - 1)) == 0;
}
/* Offset of socket 0's rings: whole pages. */
static inline size_t net_rings_offset(const struct net_shape *s)
{
    return (sizeof(struct net_shared) +
            s->sockets * sizeof(struct net_socket_shared) + PAGE_SIZE - 1) &
           ~(PAGE_SIZE - 1ul);
}
static inline size_t net_arena_bytes(const struct net_shape *s)
{
    return net_rings_offset(s) +
           (size_t)s->sockets * (s->send_bytes + s->receive_bytes);
}
static inline struct net_socket_shared *net_arena_socket(void *arena,
                                                         unsigned socket)
{
    return (struct net_socket_shared *)((struct net_shared *)arena + 1) +
           socket;
}
static inline uint8_t *net_arena_send(void *arena, const struct net_shape *s,
                                      unsigned socket)
{
    return (uint8_t *)arena + net_rings_offset(s) +
           (size_t)socket * (s->send_bytes + s->receive_bytes);
}
static inline uint8_t *net_arena_receive(void *arena, const struct net_shape *s,
                                         unsigned socket)
{
    return net_arena_send(arena, s, socket) + s->send_bytes;
}
