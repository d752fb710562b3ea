/*
 * The network stack dies under open sockets: they say so, and new ones reach
 * its successor.
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cordon/fd.h>
#include <cordon/net.h>

#include "tests/component/nettest/nettest.h"

static bool echoes(int fd)
{
    char byte = 'e';

    return send(fd, &byte, 1, 0) == 1 && recv(fd, &byte, 1, 0) == 1;
}

/* Keeps all rings busy, so that death finds it anywhere in its work. */
static int echo_until_error(int fd)
{
    static char block[20000];

    for (;;) {
        struct pollfd p = {fd, POLLIN | POLLOUT, 0};

        if (poll(&p, 1, 30000) != 1)
            return -1;
        if ((p.revents & POLLOUT) &&
            send(fd, block, sizeof(block), MSG_DONTWAIT) < 0 && errno != EAGAIN)
            return errno;
        if ((p.revents & POLLIN) && recv(fd, block, sizeof(block), 0) <= 0)
            return errno;
    }
}

/* Into a ring of a server that is dead: it is lost, and nobody dies of it. */
static void write_in_place(volatile char *space, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += 1000)
        space[i] = 'x';
}

const char *role_death(int argc, char **argv)
{
    int fd, datagrams, error;
    char byte = 0, *space;
    unsigned number;
    struct net *net;
    size_t bytes;

    EXPECT(argc == 2);
    fd = connect_to(argv[0], argv[1], SOCK_STREAM);
    datagrams = connect_to(argv[0], argv[1], SOCK_DGRAM);
    EXPECT(fd >= 0 && datagrams >= 0 && echoes(fd) && echoes(datagrams));
    EXPECT(net_of_fd(fd, &net, &number) == 0);
    space = net_send_space(net, number, &bytes);
    EXPECT(space != NULL);
    printf("death: ready\n");
    errno = 0;
    error = echo_until_error(fd);
    EXPECT(error == ECONNRESET);
    write_in_place(space, bytes);
    EXPECT(recv(fd, &byte, 1, 0) == -1 && errno == ECONNRESET);
    EXPECT(recv(datagrams, &byte, 1, 0) == -1 && errno == EIO);
    EXPECT(send(datagrams, &byte, 1, 0) == -1 && errno == EIO);
    EXPECT(await_server(argv[0], argv[1]) == NULL);
    EXPECT(close(fd) == 0);
    fd = connect_to(argv[0], argv[1], SOCK_STREAM);
    EXPECT(fd >= 0 && echoes(fd) && close(fd) == 0 && close(datagrams) == 0);
    return NULL;
}
