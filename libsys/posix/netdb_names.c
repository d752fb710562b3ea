/*
 * Services and protocols from a table, and the older functions of <netdb.h>.
 */
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libsys/posix/netdb.h"
#include "libsys/posix/socket.h"

int h_errno;

/* IANA's port numbers, of what a small machine may speak. */
static const struct {
    const char *name;
    uint16_t port;
} services[] = {
    {"echo", 7},    {"discard", 9}, {"daytime", 13}, {"ftp", 21},
    {"ssh", 22},    {"telnet", 23}, {"smtp", 25},    {"time", 37},
    {"domain", 53}, {"tftp", 69},   {"http", 80},    {"ntp", 123},
    {"snmp", 161},  {"https", 443}, {"syslog", 514}, {"http-alt", 8080},
};
#define SERVICES (sizeof(services) / sizeof(services[0]))

static const struct {
    const char *name;
    int number;
} protocols[] = {{"ip", IPPROTO_IP},     {"icmp", IPPROTO_ICMP},
                 {"tcp", IPPROTO_TCP},   {"udp", IPPROTO_UDP},
                 {"ipv6", IPPROTO_IPV6}, {"ipv6-icmp", IPPROTO_ICMPV6}};

int service_port(const char *service, const struct addrinfo *hints,
                 uint16_t *port)
{
    unsigned long value;
    char *end;

    *port = 0;
    if (service == NULL)
        return 0;
    value = strtoul(service, &end, 10);
    if (*service >= '0' && *service <= '9' && *end == 0) {
        *port = (uint16_t)value;
        return value <= 65535 ? 0 : EAI_SERVICE;
    }
    for (size_t i = 0; i < SERVICES && !(hints->ai_flags & AI_NUMERICSERV); i++)
        if (strcmp(services[i].name, service) == 0) {
            *port = services[i].port;
            return 0;
        }
    return EAI_SERVICE;
}

static char *no_aliases[] = {NULL};

static struct servent *servent_of(const char *name, uint16_t port,
                                  const char *protocol)
{
    static struct servent out;

    out = (struct servent){(char *)(uintptr_t)name, no_aliases, htons(port),
                           (char *)(uintptr_t)(protocol ? protocol : "tcp")};
    return &out;
}

struct servent *getservbyname(const char *name, const char *protocol)
{
    for (size_t i = 0; i < SERVICES; i++)
        if (strcmp(services[i].name, name) == 0)
            return servent_of(services[i].name, services[i].port, protocol);
    return NULL;
}

struct servent *getservbyport(int port, const char *protocol)
{
    for (size_t i = 0; i < SERVICES; i++)
        if (services[i].port == ntohs((uint16_t)port))
            return servent_of(services[i].name, services[i].port, protocol);
    return NULL;
}

struct protoent *getprotobyname(const char *name)
{
    static struct protoent out;

    for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
        if (strcmp(protocols[i].name, name) == 0) {
            out = (struct protoent){(char *)(uintptr_t)protocols[i].name,
                                    no_aliases, protocols[i].number};
            return &out;
        }
    return NULL;
}

static int print(char *to, socklen_t room, const char *format, ...)
{
    va_list ap;
    int bytes;

    if (to == NULL || room == 0)
        return 0;
    va_start(ap, format);
    bytes = vsnprintf(to, room, format, ap);
    va_end(ap);
    return bytes >= 0 && (socklen_t)bytes < room ? 0 : EAI_OVERFLOW;
}

int getnameinfo(const struct sockaddr *restrict address, socklen_t bytes,
                char *restrict host, socklen_t host_room,
                char *restrict service, socklen_t service_room, int flags)
{
    struct sockaddr_in6 in6;
    struct sockaddr_in in;
    char text[INET6_ADDRSTRLEN];
    int error;

    if (flags & NI_NAMEREQD)
        return EAI_NONAME;
    if (bytes >= sizeof(in) && address->sa_family == AF_INET) {
        memcpy(&in, address, sizeof(in));
        inet_ntop(AF_INET, &in.sin_addr, text, sizeof(text));
    } else if (bytes >= sizeof(in6) && address->sa_family == AF_INET6) {
        memcpy(&in6, address, sizeof(in6));
        inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof(text));
        in.sin_port = in6.sin6_port;
    } else {
        return EAI_FAMILY;
    }
    error = print(host, host_room, "%s", text);
    return error != 0 ? error
                      : print(service, service_room, "%u", ntohs(in.sin_port));
}

static int h_errno_of(int error)
{
    if (error == EAI_NONAME)
        return HOST_NOT_FOUND;
    return error == EAI_AGAIN ? TRY_AGAIN : NO_RECOVERY;
}

struct hostent *gethostbyname(const char *name)
{
    static struct net_address addresses[NET_ANSWERS_MAX];
    static char *list[NET_ANSWERS_MAX + 1];
    static struct hostent out;
    unsigned count;
    int error = host_addresses(name, 4, 0, addresses, &count);

    if (error != 0) {
        h_errno = h_errno_of(error);
        return NULL;
    }
    for (unsigned i = 0; i < count; i++)
        list[i] = (char *)addresses[i].address;
    list[count] = NULL;
    out =
        (struct hostent){(char *)(uintptr_t)name, no_aliases, AF_INET, 4, list};
    return &out;
}

const char *hstrerror(int error)
{
    switch (error) {
    case 0:
        return "no error";
    case HOST_NOT_FOUND:
        return "no such host";
    case TRY_AGAIN:
        return "no name server answers";
    case NO_DATA:
        return "the host has no such address";
    default:
        return "the name cannot be resolved";
    }
}

/* The interface's name, from the network service. 0 or -errno. */
static int interface_name(char name[IF_NAMESIZE])
{
    struct net_interface interface;
    struct socket_net *use;
    int error, status;

    socket_lock();
    error = socket_net_take(&use);
    if (error == 0) {
        status = net_interface(use->net, &interface);
        error = -net_error_errno(status);
        socket_net_drop(use);
    }
    socket_unlock();
    if (error == 0)
        memcpy(name, interface.name, IF_NAMESIZE);
    return error;
}

unsigned if_nametoindex(const char *name)
{
    char ours[IF_NAMESIZE];
    int error = interface_name(ours);

    if (error == 0 && strcmp(name, ours) == 0)
        return 1;
    errno = error != 0 ? -error : ENODEV;
    return 0;
}

char *if_indextoname(unsigned index, char name[IF_NAMESIZE])
{
    int error = index == 1 ? interface_name(name) : -ENXIO;

    if (error == 0)
        return name;
    errno = -error;
    return NULL;
}
