/*
 * What a socket is at the moment: its events, its errors, its number.
 */
#include <errno.h>

#include "libsys/posix/socket.h"

uint64_t socket_deadline(const struct socket *s, int flags, uint64_t time)
{
    if (s->nonblocking || (flags & MSG_DONTWAIT))
        return DEADLINE_POLL;
    return time != 0 ? clock_after(time) : DEADLINE_NEVER;
}

/* A server that died reset its connections. */
int socket_error_number(const struct socket *s, int status)
{
    if (status == NET_OK)
        return 0;
    if (status == NET_E_GONE && s->kind == NET_TCP && s->has_number)
        return -ECONNRESET;
    return -net_error_errno(status);
}

int socket_error_take(struct socket *s)
{
    int error = s->error;

    if (error != 0) {
        s->error = 0;
        return -error;
    }
    return s->has_number
               ? socket_error(s, net_take_error(s->use->net, s->number))
               : 0;
}

void socket_error_note(struct socket *s)
{
    if (s->error == 0)
        s->error = -socket_error_take(s);
}

unsigned socket_events(const struct socket *s)
{
    return s->has_number ? net_events(s->use->net, s->number) : 0;
}

/* The family that its first use needs: `address` is what it binds or sends to;
 * NULL: none. */
static unsigned family_of(const struct socket *s,
                          const struct net_address *address)
{
    if (s->domain == AF_INET)
        return 4;
    if (s->only_ipv6 || s->kind == NET_PING)
        return 6;
    if (address != NULL && address->family != 0 &&
        (s->kind == NET_TCP || address->family == 4))
        return address->family;
    return 0; /* both */
}

static int options_apply(struct socket *s)
{
    int status = NET_OK;

    for (unsigned i = NET_OPTION_NO_DELAY; i <= NET_OPTION_TOS; i++)
        if ((s->options_set & 1u << i) && status == NET_OK)
            status = net_option(s->use->net, s->number, (enum net_option)i,
                                s->options[i]);
    return status;
}

int socket_begin_now(struct socket *s, const struct net_address *address)
{
    struct net *net = s->use->net;
    int status = net_socket(net, (enum net_kind)s->kind, family_of(s, address),
                            &s->number);
    if (status != NET_OK)
        return socket_error(s, status);
    s->has_number = true;
    status = options_apply(s);
    if (status != NET_OK) {
        s->has_number = false;
        net_socket_close(net, s->number, true);
    }
    return socket_error(s, status);
}

int socket_option_set(struct socket *s, enum net_option option, uint32_t value)
{
    s->options[option] = value;
    s->options_set |= (uint8_t)(1u << option);
    if (!s->has_number)
        return 0;
    return socket_error(s, net_option(s->use->net, s->number, option, value));
}
