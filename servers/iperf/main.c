/*
 * A server for iperf 2's client, TCP and UDP: says in the log what each test
 * moved (docs/http.md).
 *
 *   port=5001        where it listens
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cordon/clock.h>
#include <cordon/sockets.h>

#include "measure.h"

#define AGAIN_MS 500 /* between tries to have the sockets */

enum {
    DATAGRAMS,
    LISTENER,
    FIRST, /* stream */
};

static struct pollfd polls[FIRST + STREAMS];

void measure_log(const char *kind, const struct sockaddr_storage *peer,
                 const char *verb, uint64_t bytes, uint64_t ns,
                 const char *more)
{
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)peer;
    const struct sockaddr_in *four = (const struct sockaddr_in *)peer;
    bool is_six = peer->ss_family == AF_INET6;
    char address[64] = "?", *shown = address;
    uint64_t us = ns / 1000 ? ns / 1000 : 1, kbits = bytes * 8000 / us;

    inet_ntop(peer->ss_family,
              is_six ? (const void *)&six->sin6_addr : &four->sin_addr, address,
              sizeof(address));
    if (is_six && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
        shown = strrchr(address, ':') + 1;
    printf("%s, %s port %u: %s %llu bytes in %llu.%02llu s, %llu.%03llu "
           "Mbit/s%s\n",
           kind, shown, ntohs(is_six ? six->sin6_port : four->sin_port), verb,
           (unsigned long long)bytes, (unsigned long long)(us / 1000000),
           (unsigned long long)(us / 10000 % 100),
           (unsigned long long)(kbits / 1000),
           (unsigned long long)(kbits % 1000), more);
}

static void socket_have(struct pollfd *p, int type, uint16_t port)
{
    /* The stack may have been started again, and taken the socket with it. */
    if (p->fd >= 0 && (p->revents & (POLLERR | POLLHUP | POLLNVAL))) {
        close(p->fd);
        p->fd = -1;
    }
    if (p->fd < 0) {
        p->fd = socket_serve(type, port, (int)STREAMS);
        p->events = POLLIN;
        if (p->fd >= 0)
            printf("%s port %u\n", type == SOCK_DGRAM ? "UDP" : "TCP",
                   (unsigned)port);
    }
}

static void serve_round(uint16_t port)
{
    struct pollfd *udp = &polls[DATAGRAMS], *listener = &polls[LISTENER];
    bool both;
    uint64_t now;

    socket_have(udp, SOCK_DGRAM, port);
    socket_have(listener, SOCK_STREAM, port);
    both = udp->fd >= 0 && listener->fd >= 0;
    listener->events = streams_have_room(&polls[FIRST]) ? POLLIN : 0;
    poll(polls, FIRST + STREAMS, both ? -1 : AGAIN_MS);
    now = clock_now();
    if (udp->revents)
        flows_turn(udp->fd, now);
    streams_turn(&polls[FIRST], now);
    if (listener->revents)
        streams_accept(listener->fd, &polls[FIRST], now);
}

int main(int argc, char **argv)
{
    long port = 5001;

    for (int i = 1; i < argc; i++)
        if (sscanf(argv[i], "port=%ld", &port) != 1 || port < 1 ||
            port > 65535) {
            printf("argument '%s': expected port=1..65535\n", argv[i]);
            return 1;
        }
    for (unsigned i = 0; i < FIRST + STREAMS; i++)
        polls[i].fd = -1;
    for (;;)
        serve_round((uint16_t)port);
}
