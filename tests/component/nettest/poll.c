/*
 * What poll and select say at each step of a connection to an echo server.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/component/nettest/nettest.h"

#define WAIT 10000

/* What poll says after at most `wait` ms. */
static int state(int fd, int wait)
{
    struct pollfd p = {fd, POLLIN | POLLOUT | POLLRDHUP, 0};

    poll(&p, 1, wait);
    return p.revents;
}

static bool wait_for(int fd, short events)
{
    struct pollfd p = {fd, events, 0};

    return poll(&p, 1, WAIT) == 1 && (p.revents & events);
}

/* connect() that does not block: EINPROGRESS, then writable, then SO_ERROR. */
static const char *begin(const char *host, const char *port, int *out)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
    int error, fd;
    socklen_t bytes = sizeof(error);

    EXPECT(getaddrinfo(host, port, &hints, &list) == 0);
    fd = socket(list->ai_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    EXPECT(fd >= 0);
    if (connect(fd, list->ai_addr, list->ai_addrlen) != 0) {
        EXPECT(errno == EINPROGRESS);
        EXPECT(wait_for(fd, POLLOUT));
    }
    EXPECT(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes) == 0);
    EXPECT(error == 0);
    errno = 0;
    EXPECT(connect(fd, list->ai_addr, list->ai_addrlen) == 0 ||
           errno == EISCONN);
    freeaddrinfo(list);
    *out = fd;
    return NULL;
}

static const char *data(int fd)
{
    struct iovec out[2] = {{(void *)"hello ", 6}, {(void *)"world", 5}};
    char a[4], b[20];
    struct iovec in[2] = {{a, sizeof(a)}, {b, sizeof(b)}};
    int waiting = 0;

    EXPECT(state(fd, 0) == POLLOUT);
    errno = 0;
    EXPECT(recv(fd, a, sizeof(a), 0) == -1 && errno == EAGAIN);
    EXPECT(writev(fd, out, 2) == 11);
    while (waiting < 11) {
        EXPECT(wait_for(fd, POLLIN));
        EXPECT(ioctl(fd, FIONREAD, &waiting) == 0);
    }
    EXPECT(recv(fd, b, sizeof(b), MSG_PEEK) == 11);
    EXPECT(readv(fd, in, 2) == 11);
    EXPECT(memcmp(a, "hell", 4) == 0 && memcmp(b, "o world", 7) == 0);
    EXPECT(state(fd, 0) == POLLOUT);
    return NULL;
}

static const char *by_select(int fd)
{
    struct timeval none = {0, 0}, wait = {WAIT / 1000, 0};
    fd_set reads, writes;
    char byte;

    FD_ZERO(&reads);
    FD_ZERO(&writes);
    FD_SET(fd, &reads);
    FD_SET(fd, &writes);
    EXPECT(select(fd + 1, &reads, &writes, NULL, &none) == 1);
    EXPECT(!FD_ISSET(fd, &reads) && FD_ISSET(fd, &writes));
    EXPECT(write(fd, "x", 1) == 1);
    FD_SET(fd, &reads);
    EXPECT(select(fd + 1, &reads, NULL, NULL, &wait) == 1);
    EXPECT(FD_ISSET(fd, &reads) && read(fd, &byte, 1) == 1 && byte == 'x');
    return NULL;
}

/* A full ring is not writable, and it is again when the server has read. */
static const char *full(int fd)
{
    static char block[16384];
    size_t sent = 0, received = 0;
    ssize_t n;

    while ((n = send(fd, block, sizeof(block), 0)) > 0)
        sent += (size_t)n;
    EXPECT(errno == EAGAIN && sent > 4096);
    while (received < sent) {
        EXPECT(wait_for(fd, POLLIN));
        n = recv(fd, block, sizeof(block), 0);
        EXPECT(n > 0);
        received += (size_t)n;
    }
    EXPECT(wait_for(fd, POLLOUT));
    return NULL;
}

static const char *end(int fd)
{
    char byte;

    EXPECT(shutdown(fd, SHUT_WR) == 0);
    errno = 0;
    EXPECT(send(fd, "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE);
    EXPECT(wait_for(fd, POLLIN));
    EXPECT(state(fd, WAIT) & POLLRDHUP);
    EXPECT(recv(fd, &byte, 1, 0) == 0);
    EXPECT(close(fd) == 0);
    EXPECT(state(fd, 0) == POLLNVAL);
    return NULL;
}

const char *role_poll(int argc, char **argv)
{
    struct pollfd out = {STDOUT_FILENO, POLLOUT, 0};
    const char *failed;
    int fd = -1;

    EXPECT(argc == 2);
    EXPECT(poll(&out, 1, -1) == 1 && out.revents == POLLOUT);
    EXPECT(poll(NULL, 0, 20) == 0);
    failed = begin(argv[0], argv[1], &fd);
    failed = failed ? failed : data(fd);
    failed = failed ? failed : by_select(fd);
    failed = failed ? failed : full(fd);
    return failed ? failed : end(fd);
}
