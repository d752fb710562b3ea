/*
 * Calls that fail, each with its errno; no peer is needed.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <unistd.h>

#include "tests/component/nettest/nettest.h"

#define FAILS(call, number)                                                    \
    do {                                                                       \
        errno = 0;                                                             \
        EXPECT((call) == -1 && errno == (number));                             \
    } while (0)

static const char *arguments(void)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    int option = 1;

    FAILS(socket(AF_UNIX, SOCK_STREAM, 0), EAFNOSUPPORT);
    FAILS(socket(AF_INET, SOCK_RAW, 0), EPROTOTYPE);
    FAILS(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), EPROTONOSUPPORT);
    FAILS(socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMP), EPROTONOSUPPORT);
    FAILS(bind(99, (struct sockaddr *)&in, sizeof(in)), EBADF);
    FAILS(bind(STDOUT_FILENO, (struct sockaddr *)&in, sizeof(in)), ENOTSOCK);
    FAILS(send(STDOUT_FILENO, "x", 1, 0), ENOTSOCK);
    FAILS(setsockopt(-1, SOL_SOCKET, SO_REUSEADDR, &option, sizeof(option)),
          EBADF);
    return NULL;
}

static const char *stream(void)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    socklen_t bytes = sizeof(in);
    char byte = 0;
    int fd = socket(AF_INET, SOCK_STREAM, 0), value = 7;

    EXPECT(fd >= 0);
    FAILS(bind(fd, (struct sockaddr *)&in6, sizeof(in6)), EAFNOSUPPORT);
    FAILS(bind(fd, (struct sockaddr *)&in, 3), EINVAL);
    FAILS(accept(fd, NULL, NULL), EINVAL);
    FAILS(send(fd, &byte, 1, 0), ENOTCONN);
    FAILS(recv(fd, &byte, 1, 0), ENOTCONN);
    FAILS(shutdown(fd, SHUT_WR), ENOTCONN);
    FAILS(getpeername(fd, (struct sockaddr *)&in, &bytes), ENOTCONN);
    FAILS(lseek(fd, 0, SEEK_SET), ESPIPE);
    FAILS(setsockopt(fd, IPPROTO_TCP, 99, &value, sizeof(value)), ENOPROTOOPT);
    FAILS(setsockopt(fd, IPPROTO_IP, IP_TTL, &value, 1), EINVAL);
    FAILS(fcntl(fd, F_DUPFD, 0), EINVAL);
    FAILS(recv(fd, &byte, 1, MSG_OOB), EOPNOTSUPP);
    EXPECT(close(fd) == 0);
    FAILS(close(fd), EBADF);
    FAILS(send(fd, &byte, 1, 0), EBADF);
    return NULL;
}

static const char *datagram(void)
{
    struct timeval wait = {0, 50000};
    char byte = 0;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    EXPECT(fd >= 0);
    FAILS(send(fd, &byte, 1, 0), EDESTADDRREQ);
    FAILS(listen(fd, 1), EOPNOTSUPP);
    FAILS(recv(fd, &byte, 1, MSG_DONTWAIT), EAGAIN);
    EXPECT(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0);
    FAILS(recv(fd, &byte, 1, 0), EAGAIN);
    EXPECT(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    EXPECT(fcntl(fd, F_GETFL) == (O_RDWR | O_NONBLOCK));
    FAILS(read(fd, &byte, 1), EAGAIN);
    EXPECT(close(fd) == 0);
    return NULL;
}

static int option_of(int fd, int level, int name)
{
    int value = -1;
    socklen_t bytes = sizeof(value);

    return getsockopt(fd, level, name, &value, &bytes) == 0 ? value : -2;
}

static const char *options(void)
{
    int fd = socket(AF_INET6, SOCK_STREAM, 0), value = 1;
    struct linger linger = {1, 5};
    socklen_t bytes = sizeof(linger);

    EXPECT(fd >= 0);
    EXPECT(option_of(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM);
    EXPECT(option_of(fd, SOL_SOCKET, SO_DOMAIN) == AF_INET6);
    EXPECT(option_of(fd, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_TCP);
    EXPECT(option_of(fd, SOL_SOCKET, SO_ERROR) == 0);
    EXPECT(option_of(fd, SOL_SOCKET, SO_SNDBUF) >= 4096);
    EXPECT(option_of(fd, IPPROTO_TCP, TCP_NODELAY) == 0);
    EXPECT(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, 4) == 0);
    EXPECT(option_of(fd, IPPROTO_TCP, TCP_NODELAY) == 1);
    EXPECT(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &value, 4) == 0);
    EXPECT(option_of(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 1);
    EXPECT(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, bytes) == 0);
    linger.l_linger = 0;
    EXPECT(getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &bytes) == 0);
    EXPECT(linger.l_linger == 5);
    EXPECT(ioctl(fd, FIONBIO, &value) == 0);
    EXPECT(ioctl(fd, FIONREAD, &value) == 0 && value == 0);
    EXPECT(fcntl(fd, F_GETFL) & O_NONBLOCK);
    EXPECT(close(fd) == 0);
    return NULL;
}

/* As many sockets as the policy allows, and one more. */
static const char *limit(void)
{
    int fds[300], count = 0;

    while (count < 300 && (fds[count] = socket(AF_INET, SOCK_DGRAM, 0)) >= 0)
        count++;
    EXPECT(count > 0 && count < 300 && errno == EMFILE);
    printf("errors: %d sockets\n", count);
    for (int i = 0; i < count; i++)
        EXPECT(close(fds[i]) == 0);
    fds[0] = socket(AF_INET, SOCK_DGRAM, 0);
    EXPECT(fds[0] >= 0 && close(fds[0]) == 0);
    return NULL;
}

const char *role_errors(int argc, char **argv)
{
    const char *failed = arguments();

    (void)argc, (void)argv;
    failed = failed ? failed : stream();
    failed = failed ? failed : datagram();
    failed = failed ? failed : options();
    return failed ? failed : limit();
}
