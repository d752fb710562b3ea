/*
 * ping: echo requests (RFC 792, RFC 4443 4.1), one a second, and what comes
 * back. The stack fills in identifier and checksum.
 */
#include <cordon/clock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "servers/console/cmd_network.h"
#include "servers/console/network.h"
#include "servers/console/shell.h"
#include "servers/console/table.h"

#define INTERVAL     NS_PER_S
#define LAST_WAIT    (2 * NS_PER_S) /* for the answer to the last request */
#define DATA_BYTES   56u
#define HEADER_BYTES 8u

enum icmp { /* type of ICMP; of ICMPv6 */
            ECHO_REPLY = 0,
            UNREACHABLE = 3,
            ECHO_REQUEST = 8,
            TIME_EXCEEDED = 11,
            UNREACHABLE6 = 1,
            TIME_EXCEEDED6 = 3,
            ECHO_REQUEST6 = 128,
            ECHO_REPLY6 = 129,
};

struct ping {
    struct net *net;
    unsigned socket;
    const char *host;
    struct net_address to;
    unsigned long count; /* 0: without end */
    uint32_t sent, received;
    uint64_t shortest, longest, sum; /* ns */
};

/* What is sent: the header, then when, so that the answer says how long. */
struct request {
    uint8_t type, code;
    uint8_t checksum[2], identifier[2];
    uint8_t sequence[2];
    uint8_t when[8];
    uint8_t data[DATA_BYTES - 8];
};
_Static_assert(sizeof(struct request) == HEADER_BYTES + DATA_BYTES, "packed");

static int send_request(struct ping *p)
{
    struct request r = {.type =
                            p->to.family == 4 ? ECHO_REQUEST : ECHO_REQUEST6};
    uint16_t sequence = (uint16_t)(p->sent + 1);
    uint64_t now = clock_now();

    r.sequence[0] = (uint8_t)(sequence >> 8);
    r.sequence[1] = (uint8_t)sequence;
    memcpy(r.when, &now, sizeof(now));
    for (unsigned i = 0; i < sizeof(r.data); i++)
        r.data[i] = (uint8_t)i;
    p->sent++;
    return net_send_to(p->net, p->socket, &r, sizeof(r), NULL);
}

static void count_reply(struct ping *p, const struct request *r, size_t bytes,
                        const struct net_address *from)
{
    char address[NETWORK_TEXT_BYTES], time[24];
    uint64_t when, took;

    memcpy(&when, r->when, sizeof(when));
    took = clock_now() - when;
    if (took > clock_now()) /* not ours: from the future */
        return;
    p->received++;
    p->sum += took;
    if (took > p->longest)
        p->longest = took;
    if (p->received == 1 || took < p->shortest)
        p->shortest = took;
    printf("%zu bytes from %s: seq=%u time=%s\n", bytes,
           network_text(address, from), r->sequence[0] << 8 | r->sequence[1],
           format_time(time, sizeof(time), took));
}

/* A message that is no reply: why there is none. */
static void show_error(const struct ping *p, uint8_t type,
                       const struct net_address *from)
{
    char address[NETWORK_TEXT_BYTES];
    bool v4 = p->to.family == 4;
    const char *what = type == (v4 ? UNREACHABLE : UNREACHABLE6)
                           ? "destination unreachable"
                       : type == (v4 ? TIME_EXCEEDED : TIME_EXCEEDED6)
                           ? "time to live exceeded"
                           : "an error";

    printf("from %s: %s\n", network_text(address, from), what);
}

/* Takes what has come. */
static int take_replies(struct ping *p)
{
    struct request r;
    struct net_address from;
    size_t bytes;
    int status;

    while (!(status = net_receive_from(p->net, p->socket, &r, sizeof(r), &bytes,
                                       &from, false))) {
        if (bytes == sizeof(r) &&
            r.type == (p->to.family == 4 ? ECHO_REPLY : ECHO_REPLY6))
            count_reply(p, &r, bytes, &from);
        else if (bytes >= HEADER_BYTES)
            show_error(p, r.type, &from);
        fflush(stdout);
    }
    if (status == NET_E_AGAIN)
        status = net_take_error(p->net, p->socket);
    return status;
}

/* Until `deadline`, or until all answers are there. */
static int listen_until(struct ping *p, uint64_t deadline, bool all)
{
    int status = take_replies(p);

    while (!status && (!all || p->received < p->sent) &&
           network_wait(p->net, deadline)) {
        while (net_news(p->net) >= 0)
            ;
        status = take_replies(p);
    }
    return status ? status : net_state(p->net);
}

/* An unreachable host is not the end: it may come. */
static bool is_fatal(int status)
{
    return status && status != NET_E_UNREACHABLE && status != NET_E_AGAIN &&
           status != NET_E_TIMEOUT && status != NET_E_NO_LINK;
}

static int exchange(struct ping *p)
{
    uint64_t next = clock_now();
    int status = NET_OK, last = NET_OK;

    while ((!p->count || p->sent < p->count) && !shell_interrupted()) {
        bool is_last = p->count && p->sent + 1 == p->count;

        status = send_request(p);
        next += INTERVAL;
        if (!status)
            status = listen_until(p, is_last ? clock_after(LAST_WAIT) : next,
                                  is_last);
        if (is_fatal(status))
            return status;
        if (status && status != last)
            network_fail(p->host, status);
        last = status;
        if (status && !is_last)
            listen_until(p, next, false);
    }
    return NET_OK;
}

static void summary(const struct ping *p)
{
    char least[24], mean[24], most[24];
    uint32_t lost = p->received < p->sent ? p->sent - p->received : 0;

    printf("%u sent, %u received, %u %% lost", p->sent, p->received,
           p->sent ? 100 * lost / p->sent : 0);
    if (p->received)
        printf("; shortest %s, mean %s, longest %s",
               format_time(least, sizeof(least), p->shortest),
               format_time(mean, sizeof(mean), p->sum / p->received),
               format_time(most, sizeof(most), p->longest));
    printf("\n");
}

static int run(struct ping *p)
{
    char address[NETWORK_TEXT_BYTES];
    int status = net_socket(p->net, NET_PING, p->to.family, &p->socket);

    if (status)
        return network_fail(p->host, status);
    printf("ping %s (%s), %u bytes of data\n", p->host,
           network_text(address, &p->to), DATA_BYTES);
    fflush(stdout);
    status = net_connect(p->net, p->socket, &p->to);
    if (!status)
        status = exchange(p);
    if (!is_fatal(status))
        summary(p);
    net_socket_close(p->net, p->socket, false);
    if (status)
        return network_fail(p->host, status);
    return p->received ? SHELL_OK : SHELL_FAILED;
}

/* HOST and options in any order. Not 0: wrong. */
static int parse(int argc, char **argv, struct ping *p, unsigned *family)
{
    char *end;

    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "-4") || !strcmp(argv[i], "-6")) {
            *family = (unsigned)(argv[i][1] - '0');
        } else if (!strcmp(argv[i], "-c") && i + 1 < argc) {
            p->count = strtoul(argv[++i], &end, 10);
            if (argv[i][0] < '0' || argv[i][0] > '9' || *end)
                return -1;
        } else if (argv[i][0] == '-' || p->host) {
            return -1;
        } else {
            p->host = argv[i];
        }
    }
    return p->host ? 0 : -1;
}

int do_ping(int argc, char **argv)
{
    struct net_address found[NET_ANSWERS_MAX];
    struct ping p = {.count = 4};
    unsigned family = 0, count;

    if (parse(argc, argv, &p, &family))
        return shell_usage();
    p.net = network_open_ready();
    if (!p.net || network_find(p.net, p.host, family, found, &count))
        return SHELL_FAILED;
    p.to = found[0];
    p.to.port = 0;
    return run(&p);
}
