/*
 * TCP connections. What a client sends lies in its ring until the peer has
 * acknowledged it: lwIP and the card read it there. What comes is copied into
 * the other ring, whose room is the window that the peer is told.
 *
 * lwIP may free a pcb at any time: `destroyed` hears of it always.
 */
#include "servers/net/socket.h"

#include <lwip/priv/tcp_priv.h>

#include "servers/net/rules.h"

#if LWIP_TCP_PCB_NUM_EXT_ARGS < 1
#error "servers/net needs LWIP_TCP_PCB_NUM_EXT_ARGS: it hears when a pcb ends"
#endif

uint8_t tcp_slot;

void tcp_queue_count(struct socket *s)
{
    uint32_t now = s->tcp != NULL ? tcp_sndqueuelen(s->tcp) : 0;

    s->client->queued += now - s->queued;
    s->queued = now;
}

static void destroyed(u8_t id, void *socket)
{
    struct socket *s = socket;

    (void)id;
    s->tcp = NULL;
    tcp_queue_count(s);
    socket_todo(s); /* closing ends */
}
static const struct tcp_ext_arg_callbacks callbacks = {.destroy = destroyed};
const struct tcp_ext_arg_callbacks tcp_nobody = {0};

void tcp_sockets_start(void)
{
    tcp_slot = tcp_ext_arg_alloc_id();
}

uint32_t tcp_window(const struct client *c, const struct tcp_pcb *pcb)
{
    return LWIP_MIN(c->shape.receive_bytes, TCP_WND_MAX(pcb));
}

/* lwIP has given the connection up. The pcb is gone, or will be. */
static void failed(void *arg, err_t err)
{
    struct socket *s = arg;

    if (s->kind != NET_TCP || s->closing)
        return;
    if (err == ERR_RST)
        socket_counts.reset++;
    if (err == ERR_RST)
        socket_error(s, s->connecting ? NET_E_REFUSED : NET_E_RESET);
    else if (err != ERR_CLSD) /* both sides have said that they are done */
        socket_error(s, NET_E_TIMEOUT);
    if (err != ERR_CLSD)
        socket_event(s, NET_DEAD, 0);
    s->connecting = false;
}

static err_t sent(void *arg, struct tcp_pcb *pcb, u16_t bytes)
{
    struct socket *s = arg;
    uint32_t most = s->send_next - s->send_tail;

    (void)pcb;
    tcp_queue_count(s);
    s->send_tail += bytes < most ? bytes : most;
    socket_news(s);
    if (s->send_next != s->send_head || s->finishing)
        socket_todo(s);
    return ERR_OK;
}

/* lwIP answers an acknowledgement that meets a window of 0 with one of its own,
 * although it is at the place it should be (RFC 9293, 3.10.7.4, first table):
 * two ends whose windows are both full would do so for ever. So the window
 * never becomes 0. What is lent to it here the peer is not told of. */
static void window_lend(struct socket *s, struct tcp_pcb *pcb)
{
    if (pcb->rcv_wnd == 0) {
        pcb->rcv_wnd = 1;
        s->lent++;
    }
}

/* In lwIP's hands it stays, and is offered again, if this says ERR_MEM. */
static err_t received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
    struct socket *s = arg;

    (void)err;
    if (p == NULL) {
        socket_event(s, NET_END, 0);
        return ERR_OK;
    }
    if (s->closing) {
        tcp_recved(pcb, p->tot_len);
        pbuf_free(p);
        return ERR_OK;
    }
    window_lend(s, pcb);
    if (p->tot_len > socket_room(s) &&
        (!socket_look(s) || p->tot_len > socket_room(s)))
        return ERR_MEM;
    ring_write_pbuf(s, s->receive_head, p, 0);
    s->receive_head += p->tot_len;
    socket_news(s);
    pbuf_free(p);
    return ERR_OK;
}

static void attach(struct socket *s, struct tcp_pcb *pcb)
{
    s->tcp = pcb;
    tcp_arg(pcb, s);
    tcp_ext_arg_set(pcb, tcp_slot, s);
    tcp_ext_arg_set_callbacks(pcb, tcp_slot, &callbacks);
    tcp_recv(pcb, received);
    tcp_sent(pcb, sent);
    tcp_err(pcb, failed);
}

static void detach(struct socket *s)
{
    struct tcp_pcb *pcb = s->tcp;

    s->tcp = NULL;
    tcp_queue_count(s);
    tcp_ext_arg_set_callbacks(pcb, tcp_slot, &tcp_nobody);
    tcp_ext_arg_set(pcb, tcp_slot, NULL);
    tcp_arg(pcb, NULL);
    if (pcb->state == LISTEN)
        return;
    tcp_recv(pcb, NULL);
    tcp_sent(pcb, NULL);
    tcp_err(pcb, NULL);
}

enum net_status tcp_socket_make(struct socket *s)
{
    struct tcp_pcb *pcb = tcp_new_ip_type(s->family == 4   ? IPADDR_TYPE_V4
                                          : s->family == 6 ? IPADDR_TYPE_V6
                                                           : IPADDR_TYPE_ANY);

    if (pcb == NULL)
        return NET_E_MEMORY;
    attach(s, pcb);
    return NET_OK;
}

enum net_status tcp_socket_bind(struct socket *s, const ip_addr_t *own,
                                uint16_t port)
{
    if (s->tcp == NULL || s->tcp->state != CLOSED || s->tcp->local_port != 0)
        return NET_E_REQUEST;
    return status_of_err(tcp_bind(s->tcp, own, port));
}

static err_t connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct socket *s = arg;

    (void)err;
    s->connecting = false;
    /* The peer may send only when it has our answer, which says the window. */
    pcb->rcv_wnd = pcb->rcv_ann_wnd = (tcpwnd_size_t)tcp_window(s->client, pcb);
    socket_counts.connected++;
    socket_event(s, NET_CONNECTED, 0);
    socket_todo(s);
    return ERR_OK;
}

enum net_status tcp_socket_connect(struct socket *s,
                                   const struct net_address *peer)
{
    enum net_status status;
    ip_addr_t to;
    err_t err;

    if (s->backlog != 0)
        return NET_E_REQUEST;
    if (s->tcp == NULL || s->tcp->state != CLOSED)
        return NET_E_CONNECTED;
    if (!ip_of_address(peer, s->family, &to) || ip_addr_isany(&to) ||
        ip_addr_ismulticast(&to) || peer->port == 0)
        return NET_E_REQUEST;
    if (!rules_connect(&s->client->rights, MANIFEST_PROTOCOL_TCP, peer)) {
        socket_counts.denied++;
        return NET_E_DENIED;
    }
    status = ip_route_status(&to);
    if (status != NET_OK)
        return status;
    s->connecting = true;
    err = tcp_connect(s->tcp, &to, peer->port, connected);
    if (err != ERR_OK)
        s->connecting = false;
    return status_of_err(err);
}

void tcp_socket_adopt(struct socket *s, struct incoming *in)
{
    struct tcp_pcb *pcb = in->pcb;
    struct pbuf *held = in->held;

    in->held = NULL;
    attach(s, pcb);
    if (s->no_delay)
        tcp_nagle_disable(pcb);
    pcb->rcv_wnd += (tcpwnd_size_t)(tcp_window(s->client, pcb) - in->window);
    tcp_update_rcv_ann_wnd(pcb);
    socket_event(s, NET_CONNECTED, 0);
    if (held != NULL && received(s, pcb, held, ERR_OK) != ERR_OK)
        pbuf_free(held); /* it was no more than the window */
    if (in->end)
        socket_event(s, NET_END, 0);
    if (pcb->refused_data != NULL)
        tcp_process_refused_data(pcb);
}
void tcp_socket_drop(struct socket *s, bool abort)
{
    struct tcp_pcb *pcb = s->tcp;

    if (s->backlog != 0) {
        tcp_listener_close(s);
        return;
    }
    if (pcb == NULL)
        return;
    detach(s);
    if (abort)
        tcp_abort(pcb);
    else /* so that it does not wait for the peer's FIN for ever */
        tcp_set_flags(pcb, TF_RXCLOSED);
}
