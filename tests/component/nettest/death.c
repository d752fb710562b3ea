/*
 * The network stack dies under open sockets: they say so, and new ones reach
 * its successor.
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

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

const char *role_death(int argc, char **argv)
{
    int fd, datagrams, error;
    char byte = 0;

    EXPECT(argc == 2);
    fd = connect_to(argv[0], argv[1], SOCK_STREAM);
    datagrams = connect_to(argv[0], argv[1], SOCK_DGRAM);
    EXPECT(fd >= 0 && datagrams >= 0 && echoes(fd) && echoes(datagrams));
    printf("death: ready\n");
    errno = 0;
    error = echo_until_error(fd);
    EXPECT(error == ECONNRESET);
    EXPECT(recv(fd, &byte, 1, 0) == -1 && errno == ECONNRESET);
    EXPECT(recv(datagrams, &byte, 1, 0) == -1 && errno == EIO);
    EXPECT(send(datagrams, &byte, 1, 0) == -1 && errno == EIO);
    EXPECT(await_server(argv[0], argv[1]) == NULL);
    EXPECT(close(fd) == 0);
    fd = connect_to(argv[0], argv[1], SOCK_STREAM);
    EXPECT(fd >= 0 && echoes(fd) && close(fd) == 0 && close(datagrams) == 0);
    return NULL;
}
