/*
 * Sockets on the network service (docs/sockets.md says what differs from
 * POSIX). Functions return what POSIX says, or -1 and errno.
 */
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

typedef __socklen_t socklen_t;
typedef unsigned short sa_family_t;

#define AF_UNSPEC 0
#define AF_UNIX   1 /* for programs that compare; there are none */
#define AF_LOCAL  AF_UNIX
#define AF_INET   2
#define AF_INET6  10
#define PF_UNSPEC AF_UNSPEC
#define PF_UNIX   AF_UNIX
#define PF_LOCAL  AF_LOCAL
#define PF_INET   AF_INET
#define PF_INET6  AF_INET6

#define SOCK_STREAM    1
#define SOCK_DGRAM     2
#define SOCK_RAW       3 /* refused */
#define SOCK_SEQPACKET 5 /* refused */
/* Or-ed to the type: O_NONBLOCK, and nothing (no program is executed). */
#define SOCK_NONBLOCK 0x4000
#define SOCK_CLOEXEC  0x40000

struct sockaddr {
    sa_family_t sa_family;
    char sa_data[14];
};

/* Room for any address, aligned as any. */
struct sockaddr_storage {
    sa_family_t ss_family;
    char ss_data[6];
    unsigned long ss_more[15];
};

struct linger {
    int l_onoff;
    int l_linger; /* seconds */
};

struct msghdr {
    void *msg_name;
    socklen_t msg_namelen;
    struct iovec *msg_iov;
    int msg_iovlen;
    void *msg_control; /* none is sent or received */
    socklen_t msg_controllen;
    int msg_flags;
};

struct mmsghdr {
    struct msghdr msg_hdr;
    unsigned msg_len;
};

struct cmsghdr {
    socklen_t cmsg_len;
    int cmsg_level;
    int cmsg_type;
};
#define CMSG_ALIGN(n)                                                          \
    (((n) + sizeof(unsigned long) - 1) & ~(sizeof(unsigned long) - 1))
#define CMSG_SPACE(n)     (CMSG_ALIGN(sizeof(struct cmsghdr)) + CMSG_ALIGN(n))
#define CMSG_LEN(n)       (CMSG_ALIGN(sizeof(struct cmsghdr)) + (n))
#define CMSG_DATA(c)      ((unsigned char *)((struct cmsghdr *)(c) + 1))
#define CMSG_FIRSTHDR(m)  ((struct cmsghdr *)0)
#define CMSG_NXTHDR(m, c) ((struct cmsghdr *)0)

#define SOL_SOCKET    0xffff
#define SO_DEBUG      1
#define SO_ACCEPTCONN 2
#define SO_REUSEADDR  4
#define SO_KEEPALIVE  8
#define SO_DONTROUTE  16
#define SO_BROADCAST  32
#define SO_LINGER     128
#define SO_OOBINLINE  256
#define SO_REUSEPORT  512
#define SO_SNDBUF     0x1001 /* the rings' sizes; setting changes nothing */
#define SO_RCVBUF     0x1002
#define SO_SNDLOWAT   0x1003
#define SO_RCVLOWAT   0x1004
#define SO_SNDTIMEO   0x1005 /* struct timeval */
#define SO_RCVTIMEO   0x1006
#define SO_ERROR      0x1007
#define SO_TYPE       0x1008
#define SO_PROTOCOL   0x1016
#define SO_DOMAIN     0x1019

#define MSG_OOB       0x1 /* refused */
#define MSG_PEEK      0x2
#define MSG_DONTROUTE 0x4
#define MSG_EOR       0x8
#define MSG_TRUNC     0x10
#define MSG_CTRUNC    0x20
#define MSG_WAITALL   0x40
#define MSG_DONTWAIT  0x80
#define MSG_MORE      0x4000  /* the server need not look yet: more follows */
#define MSG_NOSIGNAL  0x20000 /* always so: there is no SIGPIPE */

#define SHUT_RD   0
#define SHUT_WR   1
#define SHUT_RDWR 2

#define SOMAXCONN 128

int socket(int domain, int type, int protocol);
int bind(int fd, const struct sockaddr *address, socklen_t bytes);
int listen(int fd, int backlog);
int accept(int fd, struct sockaddr *__restrict address,
           socklen_t *__restrict bytes);
int accept4(int fd, struct sockaddr *__restrict address,
            socklen_t *__restrict bytes, int flags);
int connect(int fd, const struct sockaddr *address, socklen_t bytes);
int shutdown(int fd, int how);
int getsockname(int fd, struct sockaddr *__restrict address,
                socklen_t *__restrict bytes);
int getpeername(int fd, struct sockaddr *__restrict address,
                socklen_t *__restrict bytes);

int setsockopt(int fd, int level, int option, const void *value,
               socklen_t bytes);
int getsockopt(int fd, int level, int option, void *__restrict value,
               socklen_t *__restrict bytes);

ssize_t send(int fd, const void *data, size_t bytes, int flags);
ssize_t sendto(int fd, const void *data, size_t bytes, int flags,
               const struct sockaddr *to, socklen_t to_bytes);
ssize_t sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t recv(int fd, void *data, size_t bytes, int flags);
ssize_t recvfrom(int fd, void *__restrict data, size_t bytes, int flags,
                 struct sockaddr *__restrict from,
                 socklen_t *__restrict from_bytes);
ssize_t recvmsg(int fd, struct msghdr *message, int flags);
