/*
 * Clients of an echo server: what comes back must be what was sent.
 */
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/component/nettest/nettest.h"

#define CONNECTIONS 100
#define WAIT        ((struct timeval){10, 0})

/* Byte `i` of a stream: no period that a ring has. */
static unsigned char pattern(size_t i)
{
    return (unsigned char)(i * 31 + i / 251 + i / 65521);
}

static void fill(unsigned char *to, size_t from, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        to[i] = pattern(from + i);
}

static bool same(const unsigned char *data, size_t from, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (data[i] != pattern(from + i))
            return false;
    return true;
}

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Both directions at once: an echo server sends only when it is read. */
const char *role_client(int argc, char **argv)
{
    static unsigned char out[7001], in[9001];
    size_t bytes, sent = 0, received = 0;
    double start;
    int fd;

    EXPECT(argc == 3);
    bytes = strtoul(argv[2], NULL, 0);
    fd = connect_to(argv[0], argv[1], SOCK_STREAM);
    EXPECT(fd >= 0);
    start = seconds();
    while (received < bytes) {
        struct pollfd p = {fd, POLLIN, 0};
        ssize_t n;

        p.events |= sent < bytes ? POLLOUT : 0;
        if (poll(&p, 1, 5000) != 1)
            printf("client: %zu sent, %zu received\n", sent, received);
        EXPECT(p.revents != 0);
        if (p.revents & POLLOUT) {
            size_t room =
                bytes - sent < sizeof(out) ? bytes - sent : sizeof(out);

            fill(out, sent, room);
            n = send(fd, out, room, MSG_DONTWAIT);
            EXPECT(n > 0);
            sent += (size_t)n;
            EXPECT(sent < bytes || shutdown(fd, SHUT_WR) == 0);
        }
        if (p.revents & POLLIN) {
            n = recv(fd, in, sizeof(in), 0);
            EXPECT(n > 0 && same(in, received, (size_t)n));
            received += (size_t)n;
        }
    }
    EXPECT(recv(fd, in, sizeof(in), 0) == 0);
    EXPECT(close(fd) == 0);
    printf("client: %zu bytes in %.3f s\n", bytes, seconds() - start);
    return NULL;
}

/* Datagrams may be lost: each is asked for again a few times. */
const char *role_udp(int argc, char **argv)
{
    static unsigned char out[1472], in[2000];
    struct timeval wait = {1, 0};
    int fd, count;

    EXPECT(argc == 3);
    count = atoi(argv[2]);
    fd = connect_to(argv[0], argv[1], SOCK_DGRAM);
    EXPECT(fd >= 0);
    EXPECT(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0);
    for (int i = 0; i < count; i++) {
        size_t bytes = 1 + (size_t)i * 37 % sizeof(out);
        ssize_t n = -1;

        fill(out, (size_t)i, bytes);
        for (int tries = 0; tries < 10 && n != (ssize_t)bytes; tries++) {
            EXPECT(send(fd, out, bytes, 0) == (ssize_t)bytes);
            n = recv(fd, in, sizeof(in), 0);
            if (n > 0 && !same(in, (size_t)i, (size_t)n))
                n = -1; /* the answer to an earlier try */
        }
        EXPECT(n == (ssize_t)bytes);
    }
    EXPECT(close(fd) == 0);
    return NULL;
}

const char *role_many(int argc, char **argv)
{
    static int fds[CONNECTIONS];
    unsigned char in[1000], out[1000];
    int count;

    EXPECT(argc == 3);
    count = atoi(argv[2]);
    EXPECT(count <= CONNECTIONS);
    for (int i = 0; i < count; i++) {
        fds[i] = connect_to(argv[0], argv[1], SOCK_STREAM);
        EXPECT(fds[i] >= 0);
        EXPECT(setsockopt(fds[i], SOL_SOCKET, SO_RCVTIMEO, &WAIT,
                          sizeof(WAIT)) == 0);
    }
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < count; i++) {
            fill(out, (size_t)(i * round), sizeof(out));
            EXPECT(send(fds[i], out, sizeof(out), 0) == sizeof(out));
        }
        for (int i = 0; i < count; i++) {
            EXPECT(recv(fds[i], in, sizeof(in), MSG_WAITALL) == sizeof(in));
            EXPECT(same(in, (size_t)(i * round), sizeof(in)));
        }
    }
    for (int i = 0; i < count; i++)
        EXPECT(close(fds[i]) == 0);
    return NULL;
}

/* An echo request of either family looks the same but for its type. */
static bool is_answer(const struct icmphdr *h, unsigned type, int sequence)
{
    return h->type == type && ntohs(h->un.echo.sequence) == sequence;
}

const char *role_ping(int argc, char **argv)
{
    struct {
        struct icmphdr head;
        unsigned char data[56];
    } out = {0}, in;
    struct sockaddr_storage to = {0};
    struct sockaddr_in *four = (struct sockaddr_in *)&to;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&to;
    bool is_six;
    int fd;

    EXPECT(argc == 2);
    is_six = strchr(argv[0], ':') != NULL;
    to.ss_family = is_six ? AF_INET6 : AF_INET;
    EXPECT(inet_pton(to.ss_family, argv[0],
                     is_six ? (void *)&six->sin6_addr : &four->sin_addr) == 1);
    fd = socket(to.ss_family, SOCK_DGRAM,
                is_six ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
    EXPECT(fd >= 0);
    EXPECT(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &WAIT, sizeof(WAIT)) == 0);
    for (int i = 0; i < atoi(argv[1]); i++) {
        double start = seconds();

        out.head.type = is_six ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
        out.head.un.echo.sequence = htons((uint16_t)i);
        fill(out.data, (size_t)i, sizeof(out.data));
        EXPECT(sendto(fd, &out, sizeof(out), 0, (struct sockaddr *)&to,
                      is_six ? sizeof(*six) : sizeof(*four)) == sizeof(out));
        EXPECT(recv(fd, &in, sizeof(in), 0) == sizeof(in));
        EXPECT(
            is_answer(&in.head, is_six ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY, i));
        EXPECT(same(in.data, (size_t)i, sizeof(in.data)));
        printf("ping: %d in %.3f ms\n", i, (seconds() - start) * 1e3);
    }
    EXPECT(close(fd) == 0);
    return NULL;
}
