/* Options of sockets: what may be set of which, and its bounds. */
#include "servers/net/socket.h"

#include <cordon/cordon.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/udp.h>

#include "servers/net/calls.h"

static struct ip_pcb *pcb_of(struct socket *s)
{
    if (s->kind == NET_TCP)
        return (struct ip_pcb *)s->tcp;
    return s->kind == NET_UDP ? (struct ip_pcb *)s->udp : &s->options;
}

static enum net_status option_flag(struct socket *s, uint8_t flag, bool on)
{
    struct ip_pcb *pcb = pcb_of(s);

    if (on)
        ip_set_option(pcb, flag);
    else
        ip_reset_option(pcb, flag);
    return NET_OK;
}

static enum net_status option_tcp(struct socket *s, uint64_t option,
                                  uint64_t value)
{
    if (s->kind != NET_TCP)
        return NET_E_UNSUPPORTED;
    if (option == NET_OPTION_NO_DELAY) {
        s->no_delay = value != 0;
        if (s->backlog == 0 && value != 0)
            tcp_nagle_disable(s->tcp);
        else if (s->backlog == 0)
            tcp_nagle_enable(s->tcp);
        return NET_OK;
    }
    if (s->backlog != 0 || value > UINT32_MAX / 1000)
        return NET_E_REQUEST;
    if (value != 0)
        s->tcp->keep_idle = (u32_t)value * 1000;
    return option_flag(s, SOF_KEEPALIVE, value != 0);
}

enum net_status call_option(struct socket *s, struct message *m)
{
    uint64_t option = message_get(m), value = message_get(m);

    if (!message_end(m))
        return NET_E_REQUEST;
    if (pcb_of(s) == NULL)
        return NET_E_NOT_CONNECTED;
    switch (option) {
    case NET_OPTION_NO_DELAY:
    case NET_OPTION_KEEP_ALIVE:
        return option_tcp(s, option, value);
    case NET_OPTION_REUSE:
        return option_flag(s, SOF_REUSEADDR, value != 0);
    case NET_OPTION_BROADCAST:
        return option_flag(s, SOF_BROADCAST, value != 0);
    case NET_OPTION_TTL:
        if (value < 1 || value > 255)
            return NET_E_REQUEST;
        pcb_of(s)->ttl = (u8_t)value;
        return NET_OK;
    case NET_OPTION_TOS:
        if (value > 255)
            return NET_E_REQUEST;
        pcb_of(s)->tos = (u8_t)value;
        return NET_OK;
    default:
        return NET_E_UNSUPPORTED;
    }
}
