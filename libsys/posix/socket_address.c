/*
 * Addresses as programs have them and as the network service does. A socket of
 * AF_INET6 reaches IPv4 through mapped addresses, ::ffff:a.b.c.d (RFC 4291,
 * 2.5.5.2).
 */
#include <errno.h>
#include <string.h>

#include "libsys/posix/socket.h"

const struct in6_addr in6addr_any = IN6ADDR_ANY_INIT;
const struct in6_addr in6addr_loopback = IN6ADDR_LOOPBACK_INIT;

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

static int of_inet(const struct sockaddr *from, socklen_t bytes,
                   struct net_address *out)
{
    struct sockaddr_in in;

    if (bytes < sizeof(in))
        return -EINVAL;
    memcpy(&in, from, sizeof(in));
    out->family = 4;
    out->port = ntohs(in.sin_port);
    memcpy(out->address, &in.sin_addr, 4);
    return 0;
}

static int of_inet6(const struct socket *s, const struct sockaddr *from,
                    socklen_t bytes, struct net_address *out)
{
    struct sockaddr_in6 in6;

    if (bytes < sizeof(in6))
        return -EINVAL;
    memcpy(&in6, from, sizeof(in6));
    out->port = ntohs(in6.sin6_port);
    if (memcmp(&in6.sin6_addr, mapped, sizeof(mapped)) == 0) {
        if (s->only_ipv6)
            return -EAFNOSUPPORT;
        out->family = 4;
        memcpy(out->address, in6.sin6_addr.s6_addr + sizeof(mapped), 4);
        return 0;
    }
    out->family = 6;
    memcpy(out->address, &in6.sin6_addr, 16);
    return 0;
}

int address_of_sockaddr(const struct socket *s, const struct sockaddr *from,
                        socklen_t bytes, struct net_address *out)
{
    sa_family_t family;

    memset(out, 0, sizeof(*out));
    if (from == NULL || bytes < sizeof(family))
        return -EINVAL;
    memcpy(&family, from, sizeof(family));
    if (family != s->domain)
        return -EAFNOSUPPORT;
    return family == AF_INET ? of_inet(from, bytes, out)
                             : of_inet6(s, from, bytes, out);
}

static struct sockaddr_in6 to_inet6(const struct net_address *a)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
                               .sin6_port = htons(a->port)};

    if (a->family == 6) {
        memcpy(&in6.sin6_addr, a->address, 16);
        in6.sin6_scope_id = IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr);
    } else if (a->family == 4) {
        memcpy(in6.sin6_addr.s6_addr, mapped, sizeof(mapped));
        memcpy(in6.sin6_addr.s6_addr + sizeof(mapped), a->address, 4);
    }
    return in6;
}

static void copy_out(struct sockaddr *to, socklen_t *room, const void *from,
                     socklen_t bytes)
{
    memcpy(to, from, bytes < *room ? bytes : *room);
    *room = bytes;
}

void address_to_sockaddr(unsigned domain, const struct net_address *a,
                         struct sockaddr *to, socklen_t *bytes)
{
    struct sockaddr_in6 in6;
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(a->port)};

    if (to == NULL || bytes == NULL)
        return;
    if (domain == AF_INET) {
        memcpy(&in.sin_addr, a->address, a->family == 4 ? 4 : 0);
        copy_out(to, bytes, &in, sizeof(in));
    } else {
        in6 = to_inet6(a);
        copy_out(to, bytes, &in6, sizeof(in6));
    }
}
