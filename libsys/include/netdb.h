/*
 * Names and numbers of hosts and services. Names are asked of the network
 * service (DNS) if the policy allows it; services come from a short table.
 */
#pragma once

#include <netinet/in.h>

#define AI_PASSIVE     0x01
#define AI_CANONNAME   0x02
#define AI_NUMERICHOST 0x04
#define AI_NUMERICSERV 0x08
#define AI_V4MAPPED    0x10
#define AI_ALL         0x20
#define AI_ADDRCONFIG  0x40

#define EAI_AGAIN    2
#define EAI_BADFLAGS 3
#define EAI_FAIL     4
#define EAI_FAMILY   5
#define EAI_MEMORY   6
#define EAI_NONAME   8
#define EAI_NODATA   EAI_NONAME
#define EAI_SERVICE  9
#define EAI_SOCKTYPE 10
#define EAI_SYSTEM   11 /* errno says more */
#define EAI_OVERFLOW 14

#define NI_NUMERICHOST 1
#define NI_NUMERICSERV 2
#define NI_NAMEREQD    4
#define NI_DGRAM       8
#define NI_NOFQDN      16
#define NI_MAXHOST     256
#define NI_MAXSERV     32

struct addrinfo {
    int ai_flags;
    int ai_family;
    int ai_socktype;
    int ai_protocol;
    socklen_t ai_addrlen;
    struct sockaddr *ai_addr;
    char *ai_canonname;
    struct addrinfo *ai_next;
};

int getaddrinfo(const char *__restrict host, const char *__restrict service,
                const struct addrinfo *__restrict hints,
                struct addrinfo **__restrict out);
void freeaddrinfo(struct addrinfo *list);
const char *gai_strerror(int error);

/* Always numbers: addresses are not looked up. */
int getnameinfo(const struct sockaddr *__restrict address, socklen_t bytes,
                char *__restrict host, socklen_t host_room,
                char *__restrict service, socklen_t service_room, int flags);

struct hostent {
    char *h_name;
    char **h_aliases;
    int h_addrtype;
    int h_length;
    char **h_addr_list;
};
#define h_addr h_addr_list[0]

#define HOST_NOT_FOUND 1
#define TRY_AGAIN      2
#define NO_RECOVERY    3
#define NO_DATA        4
#define NO_ADDRESS     NO_DATA
extern int h_errno;

/* IPv4 only; what they return lasts until the next call. */
struct hostent *gethostbyname(const char *name);
const char *hstrerror(int error);

struct servent {
    char *s_name;
    char **s_aliases;
    int s_port; /* network order */
    char *s_proto;
};
struct servent *getservbyname(const char *name, const char *protocol);
struct servent *getservbyport(int port, const char *protocol);

struct protoent {
    char *p_name;
    char **p_aliases;
    int p_proto;
};
struct protoent *getprotobyname(const char *name);
