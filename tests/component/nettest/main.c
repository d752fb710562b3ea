/*
 * `nettest ROLE WORDS` prints one line at its end: "ROLE: all held", or what
 * did not.
 */
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/component/nettest/nettest.h"

static const struct {
    const char *name;
    role *run;
} roles[] = {
    {"echo", role_echo}, {"client", role_client}, {"udp", role_udp},
    {"ping", role_ping}, {"many", role_many},     {"errors", role_errors},
    {"poll", role_poll}, {"refuse", role_refuse}, {"names", role_names},
};

int connect_to(const char *host, const char *port, int type)
{
    struct addrinfo hints = {.ai_socktype = type}, *list, *at;
    int fd = -1, error = getaddrinfo(host, port, &hints, &list);

    if (error != 0) {
        fprintf(stderr, "%s: %s\n", host, gai_strerror(error));
        return -1;
    }
    for (at = list; at != NULL && fd < 0; at = at->ai_next) {
        fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
        if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
            error = errno;
            close(fd);
            errno = error;
            fd = -1;
        }
    }
    freeaddrinfo(list);
    return fd;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "", *failed = "unknown role";

    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        if (strcmp(roles[i].name, name) == 0)
            failed = roles[i].run(argc - 2, argv + 2);
    printf("%s: %s\n", name, failed ? failed : "all held");
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
