/*
 * An echo server for any number of clients, with poll and sockets that do not
 * block: TCP and UDP, one socket each for IPv4 and IPv6. When the network stack
 * dies it begins anew.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/component/nettest/nettest.h"

#define CLIENTS 128
#define ROOM    8192

struct client {
    size_t start, end; /* of what is to be sent back */
    char data[ROOM];
};

static struct pollfd fds[2 + CLIENTS];
static struct client *clients[2 + CLIENTS];
static nfds_t count = 2;

static int listen_at(int type, const char *port)
{
    struct sockaddr_in6 any = {.sin6_family = AF_INET6,
                               .sin6_port = htons((uint16_t)atoi(port))};
    int fd = socket(AF_INET6, type | SOCK_NONBLOCK, 0);

    if (fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof(any)) != 0)
        return -1;
    if (fd >= 0 && type == SOCK_STREAM && listen(fd, 32) != 0)
        return -1;
    return fd;
}

static void client_add(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);

    if (fd < 0)
        return;
    clients[count] = calloc(1, sizeof(struct client));
    if (count == 2 + CLIENTS || clients[count] == NULL) {
        close(fd);
        return;
    }
    fds[count++] = (struct pollfd){fd, POLLIN, 0};
}

static void client_remove(nfds_t i)
{
    close(fds[i].fd);
    free(clients[i]);
    count--;
    fds[i] = fds[count];
    clients[i] = clients[count];
}

static bool would_block(void)
{
    return errno == EAGAIN;
}

/* Reads if there is nothing to send, else sends. False: the client has gone. */
static bool client_serve(struct pollfd *p, struct client *c)
{
    ssize_t n;

    if (c->start == c->end) {
        n = read(p->fd, c->data, sizeof(c->data));
        if (n <= 0)
            return n < 0 && would_block();
        c->start = 0;
        c->end = (size_t)n;
    }
    n = write(p->fd, c->data + c->start, c->end - c->start);
    if (n < 0 && !would_block())
        return false;
    c->start += n > 0 ? (size_t)n : 0;
    p->events = c->start == c->end ? POLLIN : POLLOUT;
    return true;
}

static void datagram_serve(int fd)
{
    static char data[65536];
    struct sockaddr_storage from;
    socklen_t bytes = sizeof(from);
    ssize_t n =
        recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from, &bytes);

    if (n >= 0)
        sendto(fd, data, (size_t)n, 0, (struct sockaddr *)&from, bytes);
}

static bool has_died(const struct pollfd *p)
{
    return (p->revents & POLLERR) != 0;
}

static void serve_once(void)
{
    if (fds[0].revents)
        client_add(fds[0].fd);
    if (fds[1].revents)
        datagram_serve(fds[1].fd);
    for (nfds_t i = count; i-- > 2;)
        if (fds[i].revents && !client_serve(&fds[i], clients[i]))
            client_remove(i);
}

/* Until the network stack dies. */
static const char *serve(const char *port)
{
    fds[0] = (struct pollfd){listen_at(SOCK_STREAM, port), POLLIN, 0};
    fds[1] = (struct pollfd){listen_at(SOCK_DGRAM, port), POLLIN, 0};
    EXPECT(fds[0].fd >= 0 && fds[1].fd >= 0);
    printf("echo: listening\n");
    do {
        EXPECT(poll(fds, count, -1) > 0);
        serve_once();
    } while (!has_died(&fds[0]));
    printf("echo: the network stack has gone\n");
    while (count > 2)
        client_remove(2);
    return close(fds[0].fd) == 0 && close(fds[1].fd) == 0 ? NULL : "close";
}

const char *role_echo(int argc, char **argv)
{
    const char *failed = NULL;

    EXPECT(argc == 1);
    while (failed == NULL)
        failed = serve(argv[0]);
    return failed;
}
