/*
 * setsockopt and getsockopt: what the network service knows as an option is in
 * a table; the rest belongs to this side.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/time.h>

#include "libsys/posix/socket.h"

#define KEEP_ALIVE 7200u /* seconds, RFC 9293, 3.8.4 */

/* Options whose value is an int that the service takes as it is. */
static const struct passed {
    int level, name;
    uint8_t kinds; /* bits: 1 << enum net_kind */
    enum net_option option;
    int min, max, initial;
} passed[] = {
    {IPPROTO_TCP, TCP_NODELAY, 1 << NET_TCP, NET_OPTION_NO_DELAY, 0, 1, 0},
    {SOL_SOCKET, SO_REUSEADDR, 0xff, NET_OPTION_REUSE, 0, 1, 0},
    {SOL_SOCKET, SO_BROADCAST, 1 << NET_UDP, NET_OPTION_BROADCAST, 0, 1, 0},
    {IPPROTO_IP, IP_TTL, 0xff, NET_OPTION_TTL, 1, 255, 64},
    {IPPROTO_IP, IP_MULTICAST_TTL, 0xff, NET_OPTION_TTL, 1, 255, 64},
    {IPPROTO_IP, IP_TOS, 0xff, NET_OPTION_TOS, 0, 255, 0},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS, 0xff, NET_OPTION_TTL, 1, 255, 64},
    {IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 0xff, NET_OPTION_TTL, 1, 255, 64},
    {IPPROTO_IPV6, IPV6_TCLASS, 0xff, NET_OPTION_TOS, 0, 255, 0},
};

static const struct passed *passed_find(const struct socket *s, int level,
                                        int name)
{
    for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
        if (passed[i].level == level && passed[i].name == name &&
            (passed[i].kinds & 1u << s->kind))
            return &passed[i];
    return NULL;
}

static int int_of(const void *value, socklen_t bytes, int *out)
{
    if (value == NULL || bytes < sizeof(*out))
        return -EINVAL;
    memcpy(out, value, sizeof(*out));
    return 0;
}

/* -1 stands for the default, as with IPv6's hop limits (RFC 3493, 5.1). */
static int passed_set(struct socket *s, const struct passed *p, int value)
{
    if (value == -1)
        value = p->initial;
    if (p->max == 1)
        value = value != 0;
    if (value < p->min || value > p->max)
        return -EINVAL;
    return socket_option_set(s, p->option, (uint32_t)value);
}

static int keep_alive_set(struct socket *s, int value)
{
    if (s->kind != NET_TCP)
        return value != 0 ? -ENOPROTOOPT : 0;
    return socket_option_set(s, NET_OPTION_KEEP_ALIVE, (uint32_t)value);
}

static int time_set(const void *value, socklen_t bytes, uint64_t *out)
{
    struct timeval t;

    if (value == NULL || bytes < sizeof(t))
        return -EINVAL;
    memcpy(&t, value, sizeof(t));
    if (t.tv_sec < 0 || t.tv_usec < 0 || t.tv_usec >= 1000000)
        return -EDOM;
    *out = (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_usec * NS_PER_US;
    return 0;
}

static int general_set(struct socket *s, int name, const void *value,
                       socklen_t bytes)
{
    int n = 0, error;

    if (name == SO_RCVTIMEO)
        return time_set(value, bytes, &s->receive_time);
    if (name == SO_SNDTIMEO)
        return time_set(value, bytes, &s->send_time);
    if (name == SO_LINGER) {
        if (value == NULL || bytes < sizeof(s->linger))
            return -EINVAL;
        memcpy(&s->linger, value, sizeof(s->linger));
        return 0;
    }
    error = int_of(value, bytes, &n);
    if (error != 0)
        return error;
    switch (name) {
    case SO_KEEPALIVE:
        return keep_alive_set(s, n != 0 ? KEEP_ALIVE : 0);
    case SO_SNDBUF:
    case SO_RCVBUF:
        return n > 0 ? 0 : -EINVAL; /* the rings are as large as they are */
    default:
        return -ENOPROTOOPT;
    }
}

static int group_set(struct socket *s, const struct net_address *group,
                     bool join)
{
    int error = socket_begin(s, NULL);

    if (s->kind != NET_UDP)
        return -EOPNOTSUPP;
    if (error != 0)
        return error;
    return socket_error(s, net_group(s->use->net, s->number, group, join));
}

static int ipv4_set(struct socket *s, int name, const void *value,
                    socklen_t bytes)
{
    struct net_address group = {.family = 4};

    if (name == IP_MULTICAST_IF)
        return 0; /* there is one interface */
    if (name != IP_ADD_MEMBERSHIP && name != IP_DROP_MEMBERSHIP)
        return -ENOPROTOOPT;
    if (value == NULL || bytes < sizeof(struct ip_mreq))
        return -EINVAL;
    memcpy(group.address, value, 4); /* imr_multiaddr comes first */
    return group_set(s, &group, name == IP_ADD_MEMBERSHIP);
}

static int ipv6_set(struct socket *s, int name, const void *value,
                    socklen_t bytes)
{
    struct net_address group = {.family = 6};
    int n, error;

    if (name == IPV6_MULTICAST_IF)
        return 0;
    if (name == IPV6_V6ONLY) {
        error = int_of(value, bytes, &n);
        if (error == 0 && s->has_number && s->only_ipv6 != (n != 0))
            error = -EINVAL; /* bound already */
        if (error == 0)
            s->only_ipv6 = n != 0;
        return error;
    }
    if (name != IPV6_JOIN_GROUP && name != IPV6_LEAVE_GROUP)
        return -ENOPROTOOPT;
    if (value == NULL || bytes < sizeof(struct ipv6_mreq))
        return -EINVAL;
    memcpy(group.address, value, 16);
    return group_set(s, &group, name == IPV6_JOIN_GROUP);
}

static int set(struct socket *s, int level, int name, const void *value,
               socklen_t bytes)
{
    const struct passed *p = passed_find(s, level, name);
    int n = 0, error;

    if (p != NULL) {
        error = int_of(value, bytes, &n);
        return error != 0 ? error : passed_set(s, p, n);
    }
    if (level == SOL_SOCKET)
        return general_set(s, name, value, bytes);
    if (level == IPPROTO_TCP && name == TCP_KEEPIDLE && s->kind == NET_TCP) {
        error = int_of(value, bytes, &n);
        if (error != 0 || n <= 0)
            return -EINVAL;
        return keep_alive_set(s, n);
    }
    if (level == IPPROTO_IP && s->domain == AF_INET)
        return ipv4_set(s, name, value, bytes);
    if (level == IPPROTO_IPV6 && s->domain == AF_INET6)
        return ipv6_set(s, name, value, bytes);
    return -ENOPROTOOPT;
}

int setsockopt(int fd, int level, int option, const void *value,
               socklen_t bytes)
{
    struct socket *s = socket_enter(fd);

    if (s == NULL)
        return -1;
    return (int)socket_leave(set(s, level, option, value, bytes));
}

/* An answer of `bytes` bytes, cut off where there is less room. */
static int give(void *to, socklen_t *room, const void *from, socklen_t bytes)
{
    if (*room > bytes)
        *room = bytes;
    memcpy(to, from, *room);
    return 0;
}

static int give_int(void *to, socklen_t *room, int value)
{
    return give(to, room, &value, sizeof(value));
}

static int give_time(void *to, socklen_t *room, uint64_t ns)
{
    struct timeval t = {.tv_sec = (time_t)(ns / NS_PER_S),
                        .tv_usec = (suseconds_t)(ns % NS_PER_S / NS_PER_US)};

    return give(to, room, &t, sizeof(t));
}

static int option_of(const struct socket *s, enum net_option option,
                     int initial)
{
    return s->options_set & 1u << option ? (int)s->options[option] : initial;
}

static int error_give(struct socket *s, void *to, socklen_t *room)
{
    int error = -socket_error_take(s);

    return give_int(to, room, error);
}

static int general_get(struct socket *s, int name, void *to, socklen_t *room)
{
    const struct net_shape *shape = &s->use->net->shape;

    switch (name) {
    case SO_ERROR:
        return error_give(s, to, room);
    case SO_TYPE:
        return give_int(to, room, s->type);
    case SO_DOMAIN:
        return give_int(to, room, s->domain);
    case SO_PROTOCOL:
        return give_int(to, room, s->protocol);
    case SO_ACCEPTCONN:
        return give_int(to, room, s->listening);
    case SO_SNDBUF:
        return give_int(to, room, (int)shape->send_bytes);
    case SO_RCVBUF:
        return give_int(to, room, (int)shape->receive_bytes);
    case SO_KEEPALIVE:
        return give_int(to, room, option_of(s, NET_OPTION_KEEP_ALIVE, 0) != 0);
    case SO_RCVTIMEO:
        return give_time(to, room, s->receive_time);
    case SO_SNDTIMEO:
        return give_time(to, room, s->send_time);
    case SO_LINGER:
        return give(to, room, &s->linger, sizeof(s->linger));
    default:
        return -ENOPROTOOPT;
    }
}

static int get(struct socket *s, int level, int name, void *to, socklen_t *room)
{
    const struct passed *p = passed_find(s, level, name);

    if (to == NULL || room == NULL)
        return -EINVAL;
    if (p != NULL)
        return give_int(to, room, option_of(s, p->option, p->initial));
    if (level == SOL_SOCKET)
        return general_get(s, name, to, room);
    if (level == IPPROTO_IPV6 && name == IPV6_V6ONLY && s->domain == AF_INET6)
        return give_int(to, room, s->only_ipv6);
    if (level == IPPROTO_TCP && name == TCP_KEEPIDLE && s->kind == NET_TCP)
        return give_int(to, room,
                        option_of(s, NET_OPTION_KEEP_ALIVE, KEEP_ALIVE));
    return -ENOPROTOOPT;
}

int getsockopt(int fd, int level, int option, void *restrict value,
               socklen_t *restrict bytes)
{
    struct socket *s = socket_enter(fd);

    if (s == NULL)
        return -1;
    return (int)socket_leave(get(s, level, option, value, bytes));
}
