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
    bool needs_server;
} roles[] = {
    {"echo", role_echo, false},      {"client", role_client, true},
    {"udp", role_udp, true},         {"ping", role_ping, false},
    {"many", role_many, true},       {"errors", role_errors, false},
    {"poll", role_poll, true},       {"refuse", role_refuse, false},
    {"names", role_names, false},    {"death", role_death, true},
    {"threads", role_threads, true},
};

/* The server of a test may start later than its client. */
const char *await_server(const char *host, const char *port)
{
    for (int i = 0; i < 200; i++) {
        int fd = connect_to(host, port, SOCK_STREAM);

        if (fd >= 0) {
            close(fd);
            return NULL;
        }
        EXPECT(errno == ECONNREFUSED);
        usleep(50000);
    }
    return "the server does not listen";
}

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

static const char *run(size_t i, int argc, char **argv)
{
    const char *failed = NULL;

    if (roles[i].needs_server && argc >= 2)
        failed = await_server(argv[0], argv[1]);
    return failed ? failed : roles[i].run(argc, argv);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "", *failed = "unknown role";

    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        if (strcmp(roles[i].name, name) == 0)
            failed = run(i, argc - 2, argv + 2);
    printf("%s: %s\n", name, failed ? failed : "all held");
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
