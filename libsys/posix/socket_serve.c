/*
 * A server's socket (<cordon/sockets.h>), made of what POSIX has, so it works
 * on the host as well.
 */
#include <cordon/sockets.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

int socket_unblock(int fd)
{
    int flags = fcntl(fd, F_GETFL, 0);

    return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static int serve_on(int fd, int type, const struct sockaddr *address,
                    socklen_t bytes, int backlog)
{
    int yes = 1, no = 0;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (address->sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
    if (bind(fd, address, bytes) != 0 ||
        (type == SOCK_STREAM && listen(fd, backlog) != 0))
        return -1;
    return socket_unblock(fd);
}

static int serve(int type, const struct sockaddr *address, socklen_t bytes,
                 int backlog)
{
    int fd = socket(address->sa_family, type, 0), error;

    if (fd < 0 || serve_on(fd, type, address, bytes, backlog) == 0)
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

int socket_serve(int type, uint16_t port, int backlog)
{
    const struct sockaddr_in6 six = {.sin6_family = AF_INET6,
                                     .sin6_port = htons(port)};
    const struct sockaddr_in four = {.sin_family = AF_INET,
                                     .sin_port = htons(port)};
    int fd = serve(type, (const struct sockaddr *)&six, sizeof(six), backlog);

    if (fd < 0)
        fd = serve(type, (const struct sockaddr *)&four, sizeof(four), backlog);
    return fd;
}
