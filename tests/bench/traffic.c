/*
 * Sends and receives: datagrams in batches, each batch answered; a TCP stream
 * in rounds, each round answered. Nothing but the answers keeps the two in
 * step.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/mark.h"
#include "tests/bench/traffic.h"

#define HELLO_MS    100
#define HELLO_TRIES 100

static uint8_t buffer[TRAFFIC_TCP_CHUNK];

static int failed(const char *what)
{
    printf("traffic: %s: %s\n", what, strerror(errno));
    return 1;
}

static struct sockaddr_in address_of(uint32_t host)
{
    struct sockaddr_in a;

    memset(&a, 0, sizeof(a));
    a.sin_family = AF_INET;
    a.sin_port = htons(TRAFFIC_PORT);
    a.sin_addr.s_addr = host;
    return a;
}

/* A socket that listens or receives at our port. */
static int bound(int type)
{
    struct sockaddr_in a = address_of(htonl(INADDR_ANY));
    int s = socket(AF_INET, type, 0);

    if (s >= 0 && bind(s, (struct sockaddr *)&a, sizeof(a)) == 0)
        return s;
    if (s >= 0)
        close(s);
    return -1;
}

static int connected(int type, int protocol, const char *peer)
{
    struct sockaddr_in a = address_of(inet_addr(peer));
    int s = socket(AF_INET, type, protocol);

    if (s >= 0 && connect(s, (struct sockaddr *)&a, sizeof(a)) == 0)
        return s;
    if (s >= 0)
        close(s);
    return -1;
}

/* Until links and addresses are there: until a datagram has come back, and then
 * until no more do, for several may have waited for an address. */
static int say_hello(int s)
{
    struct pollfd answer = {.fd = s, .events = POLLIN};
    bool answered = false, here = false;

    for (int i = 0; i < HELLO_TRIES && (here || !answered); i++) {
        if (!answered)
            send(s, buffer, 1, 0);
        here = poll(&answer, 1, HELLO_MS) == 1 &&
               recv(s, buffer, sizeof(buffer), 0) == 1;
        answered = answered || here;
        if (answer.revents != 0 && !here)
            poll(NULL, 0, HELLO_MS); /* it had an error for us: no link yet */
    }
    return answered && !here ? 0 : 1;
}

static int batch_sent(int s, size_t bytes)
{
    for (unsigned i = 0; i < TRAFFIC_BATCH; i++)
        if (send(s, buffer, bytes, 0) != (ssize_t)bytes)
            return 1;
    return recv(s, buffer, sizeof(buffer), 0) <= 0;
}

static int udp_send(const char *peer)
{
    int s = connected(SOCK_DGRAM, 0, peer), bad = 0;

    if (s < 0 || say_hello(s))
        return failed("no answer to a datagram");
    for (unsigned i = 0; i < TRAFFIC_ROUNDS && !bad; i++) {
        MARK(MARK_UDP_64);
        bad = batch_sent(s, TRAFFIC_SMALL);
        MARK(MARK_UDP_64 + 1);
    }
    for (unsigned i = 0; i < TRAFFIC_ROUNDS && !bad; i++) {
        MARK(MARK_UDP_1500);
        bad = batch_sent(s, TRAFFIC_LARGE);
        MARK(MARK_UDP_1500 + 1);
    }
    close(s);
    return bad ? failed("sending datagrams") : 0;
}

/* Hellos are of one byte; what came late of them is left unanswered. */
static int udp_receive(void)
{
    struct sockaddr_in from;
    socklen_t length = sizeof(from);
    unsigned came = 0;
    int s = bound(SOCK_DGRAM);

    if (s < 0)
        return failed("a socket for datagrams");
    while (came < 2 * TRAFFIC_ROUNDS * TRAFFIC_BATCH) {
        ssize_t got = recvfrom(s, buffer, sizeof(buffer), 0,
                               (struct sockaddr *)&from, &length);

        if (got < 0)
            return failed("receiving datagrams");
        came += got > 1;
        if ((got == 1 && came == 0) || (got > 1 && came % TRAFFIC_BATCH == 0))
            sendto(s, buffer, 1, 0, (struct sockaddr *)&from, length);
    }
    close(s);
    return 0;
}

/* The other side's stack answers, no program of it. */
static int ping(const char *peer)
{
    static const uint8_t request[TRAFFIC_PING_BYTES] = {8}; /* RFC 792: echo */
    int s = connected(SOCK_DGRAM, IPPROTO_ICMP, peer), bad = s < 0;

    for (unsigned i = 0; i < TRAFFIC_PINGS && !bad; i++) {
        MARK(MARK_PING);
        bad = send(s, request, sizeof(request), 0) != sizeof(request) ||
              recv(s, buffer, sizeof(buffer), 0) != sizeof(request);
        MARK(MARK_PING + 1);
    }
    if (s >= 0)
        close(s);
    return bad ? failed("an echo") : 0;
}

static int round_sent(int s)
{
    size_t left = TRAFFIC_TCP_BYTES;

    while (left > 0) {
        size_t chunk = left < sizeof(buffer) ? left : sizeof(buffer);
        ssize_t sent = send(s, buffer, chunk, 0);

        if (sent <= 0)
            return 1;
        left -= (size_t)sent;
    }
    return recv(s, buffer, 1, 0) != 1;
}

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int tcp_send(const char *peer)
{
    int s = connected(SOCK_STREAM, 0, peer), bad = 0;
    uint64_t start = now_ns();

    if (s < 0)
        return failed("connecting");
    for (unsigned i = 0; i < TRAFFIC_TCP_ROUNDS && !bad; i++) {
        MARK(MARK_TCP);
        bad = round_sent(s);
        MARK(MARK_TCP + 1);
    }
    printf("time tcp %u %llu\n", TRAFFIC_TCP_ROUNDS * TRAFFIC_TCP_BYTES,
           (unsigned long long)(now_ns() - start));
    close(s);
    return bad ? failed("sending a stream") : 0;
}

static int round_received(int s)
{
    size_t left = TRAFFIC_TCP_BYTES;

    while (left > 0) {
        ssize_t got = recv(s, buffer, sizeof(buffer), 0);

        if (got <= 0 || (size_t)got > left)
            return 1;
        left -= (size_t)got;
    }
    return send(s, buffer, 1, 0) != 1;
}

static int tcp_receive(int listener)
{
    int s = accept(listener, NULL, NULL), bad = s < 0;

    for (unsigned i = 0; i < TRAFFIC_TCP_ROUNDS && !bad; i++)
        bad = round_received(s);
    /* The sender closes first. */
    bad = bad || recv(s, buffer, 1, 0) != 0;
    if (s >= 0)
        close(s);
    return bad ? failed("receiving a stream") : 0;
}

int traffic_send(const char *peer)
{
    return udp_send(peer) || ping(peer) || tcp_send(peer);
}

int traffic_receive(void)
{
    int listener = bound(SOCK_STREAM), bad;

    if (listener < 0 || listen(listener, 1) != 0)
        return failed("a socket that listens");
    bad = udp_receive() || tcp_receive(listener);
    close(listener);
    return bad;
}
