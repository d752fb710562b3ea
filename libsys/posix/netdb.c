/*
 * getaddrinfo: hosts by number or by name (the network service asks DNS),
 * services by number or from a short table.
 */
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "libsys/posix/netdb.h"
#include "libsys/posix/socket.h"

/* What is asked for, taken apart. */
struct request {
    const struct addrinfo *hints;
    unsigned family; /* 4, 6, 0: both */
    uint16_t port;
    const char *canonical;
};

static const struct {
    int type, protocol;
} kinds[] = {{SOCK_STREAM, IPPROTO_TCP}, {SOCK_DGRAM, IPPROTO_UDP}};

static int error_of(int status)
{
    switch (status) {
    case NET_OK:
        return 0;
    case NET_E_NOT_FOUND:
        return EAI_NONAME;
    case NET_E_NAME_SERVER:
    case NET_E_TIMEOUT:
    case NET_E_UNREACHABLE:
    case NET_E_NO_LINK:
        return EAI_AGAIN;
    case NET_E_MEMORY:
        return EAI_MEMORY;
    default:
        errno = net_error_errno(status);
        return EAI_SYSTEM;
    }
}

/* Other threads may use their sockets meanwhile. */
static int resolve(const char *host, unsigned family, struct net_address *out,
                   unsigned max, unsigned *count)
{
    struct socket_net *use;
    int error, status;

    socket_lock();
    error = socket_net_take(&use);
    socket_unlock();
    if (error != 0) {
        errno = -error;
        return EAI_SYSTEM;
    }
    status = net_resolve(use->net, host, family, out, max, count);
    socket_lock();
    socket_net_drop(use);
    socket_unlock();
    return error_of(status);
}

static unsigned loopback(unsigned family, struct net_address *out)
{
    unsigned n = 0;

    if (family != 4) {
        out[n].family = 6;
        out[n++].address[15] = 1;
    }
    if (family != 6) {
        out[n].family = 4;
        memcpy(out[n++].address, (const uint8_t[]){127, 0, 0, 1}, 4);
    }
    return n;
}

static unsigned anything(unsigned family, struct net_address *out)
{
    unsigned n = 0;

    if (family != 6)
        out[n++].family = 4;
    if (family != 4)
        out[n++].family = 6;
    return n;
}

bool address_of_text(const char *text, struct net_address *out)
{
    struct in_addr four;

    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET6, text, out->address) == 1) {
        out->family = 6;
    } else if (inet_aton(text, &four)) {
        out->family = 4;
        memcpy(out->address, &four, 4);
    }
    return out->family != 0;
}

int host_addresses(const char *host, unsigned family, int flags,
                   struct net_address out[NET_ANSWERS_MAX], unsigned *count)
{
    memset(out, 0, NET_ANSWERS_MAX * sizeof(*out));
    *count = 0;
    if (host == NULL)
        *count =
            flags & AI_PASSIVE ? anything(family, out) : loopback(family, out);
    else if (address_of_text(host, out))
        *count = family == 0 || family == out->family;
    else if (flags & AI_NUMERICHOST)
        return EAI_NONAME;
    else if (strcmp(host, "localhost") == 0)
        *count = loopback(family, out);
    else
        return resolve(host, family, out, NET_ANSWERS_MAX, count);
    return *count != 0 ? 0 : EAI_NONAME;
}

/* An entry with its address behind it, in one piece. */
struct entry {
    struct addrinfo info;
    struct sockaddr_storage address;
    char name[];
};

static struct addrinfo *entry_make(const struct request *r,
                                   const struct net_address *a, int type,
                                   int protocol)
{
    size_t name = r->canonical != NULL ? strlen(r->canonical) + 1 : 0;
    struct entry *e = calloc(1, sizeof(*e) + name);
    int domain = a->family == 4 ? AF_INET : AF_INET6;
    struct net_address at = *a;
    socklen_t bytes = sizeof(e->address);

    if (e == NULL)
        return NULL;
    at.port = r->port;
    address_to_sockaddr((unsigned)domain, &at, (struct sockaddr *)&e->address,
                        &bytes);
    e->info = (struct addrinfo){.ai_family = domain,
                                .ai_socktype = type,
                                .ai_protocol = protocol,
                                .ai_addrlen = bytes,
                                .ai_addr = (struct sockaddr *)&e->address};
    if (name != 0)
        e->info.ai_canonname = memcpy(e->name, r->canonical, name);
    return &e->info;
}

void freeaddrinfo(struct addrinfo *list)
{
    while (list != NULL) {
        struct addrinfo *next = list->ai_next;

        free(list); /* begins its struct entry */
        list = next;
    }
}

/* Does the caller want this kind of socket? */
static bool wanted(const struct addrinfo *hints, int type, int protocol)
{
    return (hints->ai_socktype == 0 || hints->ai_socktype == type) &&
           (hints->ai_protocol == 0 || hints->ai_protocol == protocol);
}

static int list_make(struct request *r, const struct net_address *addresses,
                     unsigned count, struct addrinfo **out)
{
    struct addrinfo **end = out;

    *out = NULL;
    for (unsigned i = 0; i < count; i++)
        for (unsigned k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
            if (!wanted(r->hints, kinds[k].type, kinds[k].protocol))
                continue;
            *end =
                entry_make(r, &addresses[i], kinds[k].type, kinds[k].protocol);
            if (*end == NULL) {
                freeaddrinfo(*out);
                return EAI_MEMORY;
            }
            end = &(*end)->ai_next;
            r->canonical = NULL; /* the first entry's alone */
        }
    return *out != NULL ? 0 : EAI_SOCKTYPE;
}

static int request_read(const char *host, const char *service,
                        struct request *r)
{
    const struct addrinfo *hints = r->hints;

    if (host == NULL && service == NULL)
        return EAI_NONAME;
    if (hints->ai_flags &
        ~(AI_PASSIVE | AI_CANONNAME | AI_NUMERICHOST | AI_NUMERICSERV |
          AI_V4MAPPED | AI_ALL | AI_ADDRCONFIG))
        return EAI_BADFLAGS;
    if (hints->ai_family == AF_INET)
        r->family = 4;
    else if (hints->ai_family == AF_INET6)
        r->family = 6;
    else if (hints->ai_family != AF_UNSPEC)
        return EAI_FAMILY;
    if (hints->ai_flags & AI_CANONNAME)
        r->canonical = host;
    return service_port(service, hints, &r->port);
}

int getaddrinfo(const char *restrict host, const char *restrict service,
                const struct addrinfo *restrict hints,
                struct addrinfo **restrict out)
{
    static const struct addrinfo none;
    struct request r = {.hints = hints != NULL ? hints : &none};
    struct net_address addresses[NET_ANSWERS_MAX];
    unsigned count;
    int error = request_read(host, service, &r);

    if (error == 0)
        error = host_addresses(host, r.family, r.hints->ai_flags, addresses,
                               &count);
    return error != 0 ? error : list_make(&r, addresses, count, out);
}

const char *gai_strerror(int error)
{
    switch (error) {
    case 0:
        return "no error";
    case EAI_AGAIN:
        return "no name server answers";
    case EAI_BADFLAGS:
        return "flags that getaddrinfo does not know";
    case EAI_FAMILY:
        return "no such address family";
    case EAI_MEMORY:
        return "out of memory";
    case EAI_NONAME:
        return "no such name";
    case EAI_SERVICE:
        return "no such service";
    case EAI_SOCKTYPE:
        return "no such kind of socket";
    case EAI_SYSTEM:
        return "the network service cannot tell; see errno";
    case EAI_OVERFLOW:
        return "too long for the caller's memory";
    default:
        return "the name cannot be resolved";
    }
}
