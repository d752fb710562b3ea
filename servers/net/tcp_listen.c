/*
 * TCP listeners. A connection that comes is a struct incoming from its SYN on,
 * and becomes a socket when the client accepts it.
 *
 * A flood of SYNs costs its victim no more than HALF_OPEN_MAX of them: the
 * oldest that was not answered makes room for the next. An honest peer answers
 * within a round trip. lwIP itself, when it has no pcb left, takes one of the
 * lowest priority: theirs.
 */
#include "servers/net/socket.h"

#include <lwip/priv/tcp_priv.h>

#include <stdlib.h>

#include "servers/net/rules.h"

#define HALF_OPEN_MAX 64u
#define BACKLOG_MAX   128u
#define HELD_PBUFS    8u /* segments kept for a connection not yet accepted */

static void incoming_free(struct incoming *in)
{
    struct socket *l = in->listener;

    if (in->previous != NULL)
        in->previous->next = in->next;
    else
        l->first = in->next;
    if (in->next != NULL)
        in->next->previous = in->previous;
    else
        l->newest = in->previous;
    if (in->established)
        l->waiting--;
    else
        l->half_open--;
    l->client->incoming--;
    if (l->waiting == 0)
        socket_event(l, 0, NET_ACCEPT);
    if (in->held != NULL)
        pbuf_free(in->held);
    free(in);
}

/* lwIP frees its pcb, for whatever reason. */
static void destroyed(u8_t id, void *incoming)
{
    (void)id;
    incoming_free(incoming);
}
static const struct tcp_ext_arg_callbacks incoming_callbacks = {.destroy =
                                                                    destroyed};

static err_t received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
    struct incoming *in = arg;

    (void)pcb;
    (void)err;
    if (p == NULL) {
        in->end = true;
        return ERR_OK;
    }
    if (in->held == NULL) {
        in->held = p;
        return ERR_OK;
    }
    if (pbuf_clen(in->held) + pbuf_clen(p) > HELD_PBUFS)
        return ERR_MEM;
    pbuf_cat(in->held, p);
    return ERR_OK;
}

static struct incoming *oldest(const struct socket *l, bool established)
{
    struct incoming *in = l->first;

    while (in != NULL && in->established != established)
        in = in->next;
    return in;
}

/* Makes room for one more; false: there is none to be had, and the SYN is to
 * come again later. Those half open may all arrive, and be more than the
 * backlog: better than to reset them. */
static bool room_make(struct socket *l)
{
    struct incoming *in;

    if (l->waiting >= l->backlog)
        return false;
    if (l->half_open < HALF_OPEN_MAX && l->client->incoming < INCOMING_MAX)
        return true;
    in = oldest(l, false);
    if (in == NULL)
        return false;
    tcp_abandon(in->pcb, 0);
    return true;
}

/* A SYN came; `pcb` is made, and not answered yet. */
static err_t opened(u8_t id, struct tcp_pcb_listen *listener,
                    struct tcp_pcb *pcb)
{
    struct socket *l = listener->callback_arg;
    struct incoming *in;

    if (!room_make(l))
        return ERR_MEM;
    in = calloc(1, sizeof(*in));
    if (in == NULL)
        return ERR_MEM;
    in->listener = l;
    in->pcb = pcb;
    in->previous = l->newest;
    *(l->newest != NULL ? &l->newest->next : &l->first) = in;
    l->newest = in;
    l->half_open++;
    l->client->incoming++;
    /* The window of a SYN's answer is not scaled (RFC 7323, 2.2). */
    in->window = LWIP_MIN(l->client->shape.receive_bytes, 0xffffu);
    pcb->rcv_wnd = pcb->rcv_ann_wnd = (tcpwnd_size_t)in->window;
    tcp_setprio(pcb, TCP_PRIO_MIN);
    tcp_arg(pcb, in);
    tcp_ext_arg_set(pcb, id, in);
    tcp_ext_arg_set_callbacks(pcb, id, &incoming_callbacks);
    return ERR_OK;
}
static const struct tcp_ext_arg_callbacks listener_callbacks = {.passive_open =
                                                                    opened};

/* The peer has answered: the connection is there. */
static err_t arrived(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct incoming *in = arg;
    struct socket *l;

    if (pcb == NULL || err != ERR_OK)
        return ERR_VAL;
    l = in->listener;
    in->established = true;
    l->half_open--;
    l->waiting++;
    tcp_setprio(pcb, TCP_PRIO_NORMAL);
    tcp_recv(pcb, received);
    socket_event(l, NET_ACCEPT, 0);
    return ERR_OK;
}

static enum net_status listen_allowed(struct socket *s)
{
    const struct service_client *rights = &s->client->rights;
    enum net_status status;
    ip_addr_t any;
    uint16_t port;

    if (s->tcp->local_port != 0) {
        if (rules_listen(rights, MANIFEST_PROTOCOL_TCP, s->tcp->local_port))
            return NET_OK;
        socket_counts.denied++;
        return NET_E_DENIED;
    }
    port = rules_port(rights, MANIFEST_PROTOCOL_TCP, LWIP_RAND());
    if (port == 0)
        return NET_E_DENIED;
    ip_of_address(&(struct net_address){0}, s->family, &any);
    status = tcp_socket_bind(s, &any, port);
    return status;
}

enum net_status tcp_socket_listen(struct socket *s, uint64_t backlog)
{
    struct tcp_pcb *pcb = s->tcp, *listener;
    enum net_status status;
    err_t err;

    if (backlog == 0)
        backlog = 1;
    if (backlog > BACKLOG_MAX)
        backlog = BACKLOG_MAX;
    if (s->backlog != 0) {
        s->backlog = (uint32_t)backlog;
        return NET_OK;
    }
    if (pcb == NULL || pcb->state != CLOSED || s->finishing)
        return NET_E_REQUEST;
    status = listen_allowed(s);
    if (status != NET_OK)
        return status;
    /* lwIP takes these over, and then frees `pcb`. */
    tcp_ext_arg_set_callbacks(pcb, tcp_slot, &listener_callbacks);
    listener = tcp_listen_with_backlog_and_err(pcb, 0xff, &err);
    if (listener == NULL) {
        tcp_abort(pcb);
        s->tcp = NULL;
        socket_event(s, NET_DEAD, 0);
        return status_of_err(err);
    }
    s->tcp = listener;
    s->backlog = (uint32_t)backlog;
    tcp_accept(listener, arrived);
    return NET_OK;
}

enum net_status tcp_socket_accept(struct socket *l, struct socket **out)
{
    struct incoming *in = oldest(l, true);
    struct socket *s;

    if (l->backlog == 0)
        return NET_E_REQUEST;
    if (in == NULL)
        return NET_E_AGAIN;
    s = socket_take(l->client, NET_TCP, IP_IS_V6(&in->pcb->local_ip) ? 6 : 4);
    if (s == NULL)
        return NET_E_LIMIT;
    s->no_delay = l->no_delay;
    tcp_socket_adopt(s, in);
    incoming_free(in);
    socket_counts.accepted++;
    *out = s;
    return NET_OK;
}

void tcp_listener_close(struct socket *s)
{
    struct tcp_pcb *pcb = s->tcp;

    while (s->first != NULL)
        tcp_abort(s->first->pcb); /* frees it */
    s->tcp = NULL;
    s->backlog = 0;
    tcp_ext_arg_set_callbacks(pcb, tcp_slot, &tcp_nobody);
    tcp_close(pcb);
}
