/*
 * The work on a TCP socket when its client has moved a position, or lwIP can go
 * on: telling the peer of room, handing data over, ending.
 */
#include "servers/net/socket.h"

#include <lwip/priv/tcp_priv.h>

/* Of lwIP's segments, a header and data each: what a client's connections may
 * have under way together, and one of them in any case. */
#define QUEUE_SHARE (2 * MEMP_NUM_TCP_SEG / 4)
#define QUEUE_MIN   8u
#define WRITE_MAX   0xf000u /* of tcp_write(), whose length has 16 bits */

/* What was lent comes off first. */
static void window_return(struct socket *s)
{
    uint32_t back = LWIP_MIN(s->lent, s->credit);

    s->lent -= back;
    s->credit -= back;
}

/* Tells the peer of room, when it is worth a segment. */
static void credit_give(struct socket *s)
{
    uint32_t ring = s->client->shape.receive_bytes;

    if (s->credit == 0 || (s->credit < ring / 4 && s->credit < NET_TELL_BYTES))
        return;
    window_return(s);
    while (s->credit != 0) {
        uint32_t bytes = s->credit < WRITE_MAX ? s->credit : WRITE_MAX;

        tcp_recved(s->tcp, (u16_t)bytes);
        s->credit -= bytes;
    }
    /* lwIP's threshold is of its largest window. */
    if (ring / 4 < TCP_WND_UPDATE_THRESHOLD) {
        tcp_ack_now(s->tcp);
        tcp_output(s->tcp);
    }
}

static bool queue_is_full(const struct socket *s)
{
    return s->queued >= QUEUE_MIN && s->client->queued >= QUEUE_SHARE;
}

/* Hands over what lwIP takes, from where it lies. False: no memory. */
static bool data_give(struct socket *s)
{
    uint32_t size = s->client->shape.send_bytes;

    while (s->send_next != s->send_head) {
        uint32_t offset = s->send_next & (size - 1);
        uint32_t bytes = s->send_head - s->send_next;
        bool last;

        bytes = LWIP_MIN(bytes, size - offset);
        bytes = LWIP_MIN(bytes, LWIP_MIN(WRITE_MAX, tcp_sndbuf(s->tcp)));
        if (bytes == 0)
            return true; /* sent() goes on */
        if (queue_is_full(s))
            return false;
        last = s->send_next + bytes == s->send_head;
        if (tcp_write(s->tcp, s->send_ring + offset, (u16_t)bytes,
                      last ? 0 : TCP_WRITE_FLAG_MORE) != ERR_OK)
            return s->send_next != s->send_tail;
        s->send_next += bytes;
        tcp_queue_count(s);
    }
    return true;
}

static bool is_open(const struct tcp_pcb *pcb)
{
    return pcb->state == ESTABLISHED || pcb->state == CLOSE_WAIT;
}

static void send_work(struct socket *s)
{
    bool memory = data_give(s);

    if (memory && s->finishing && !s->finished &&
        s->send_next == s->send_head) {
        s->finished = tcp_shutdown(s->tcp, 0, 1) == ERR_OK;
        memory = s->finished;
    }
    if (!memory)
        socket_later(s);
    if (s->tcp != NULL)
        tcp_output(s->tcp);
}

/* Everything is acknowledged, or nothing will be: the number is free. */
static void closing_look(struct socket *s)
{
    if (s->tcp != NULL && (!s->finished || s->send_tail != s->send_next) &&
        (is_open(s->tcp) || s->finished))
        return;
    tcp_socket_drop(s, !s->finished);
    socket_free(s);
}

bool tcp_socket_work(struct socket *s)
{
    if (s->backlog != 0 || !socket_look(s))
        return false;
    if (s->tcp != NULL && s->tcp->state >= ESTABLISHED &&
        s->tcp->state <= FIN_WAIT_2)
        credit_give(s);
    if (s->tcp != NULL && is_open(s->tcp))
        send_work(s);
    if (s->closing)
        closing_look(s);
    return false;
}
