/*
 * Tests over UDP: datagrams are counted for each client, and the last one is
 * answered with what was counted; again, if the client asks again because the
 * answer was lost.
 */
#include "measure.h"

#include <stdio.h>
#include <string.h>

#include "iperf.h"

#define BATCH 256 /* datagrams in one turn */

static struct {
    struct iperf_flow flow;
    struct sockaddr_storage peer;
    socklen_t peer_bytes;
} flows[FLOWS];

/* The client's flow; for a new one that which was quiet for longest. */
static unsigned flow_of(const struct sockaddr_storage *peer, socklen_t bytes)
{
    unsigned oldest = 0;

    for (unsigned i = 0; i < FLOWS; i++) {
        if (flows[i].peer_bytes == bytes &&
            !memcmp(&flows[i].peer, peer, bytes))
            return i;
        if (flows[i].flow.last < flows[oldest].flow.last)
            oldest = i;
    }
    memset(&flows[oldest], 0, sizeof(flows[oldest]));
    memcpy(&flows[oldest].peer, peer, bytes);
    flows[oldest].peer_bytes = bytes;
    return oldest;
}

static void flow_log(const struct iperf_flow *f,
                     const struct sockaddr_storage *peer)
{
    char more[96];

    snprintf(more, sizeof(more), ", %llu of %llu datagrams lost, %llu late",
             (unsigned long long)f->lost,
             (unsigned long long)(f->lost + f->datagrams),
             (unsigned long long)f->late);
    measure_log("UDP", peer, "received", f->bytes, f->last - f->began, more);
}

static void datagram_came(int fd, const uint8_t *data, size_t bytes,
                          const struct sockaddr_storage *peer,
                          socklen_t peer_bytes, uint64_t now)
{
    struct iperf_flow *f = &flows[flow_of(peer, peer_bytes)].flow;
    bool ended = f->ended;
    uint8_t report[IPERF_REPORT];

    if (!iperf_flow_count(f, data, bytes, now))
        return;
    iperf_flow_report(f, data, report);
    sendto(fd, report, sizeof(report), 0, (const struct sockaddr *)peer,
           peer_bytes);
    if (!ended)
        flow_log(f, peer);
}

void flows_turn(int fd, uint64_t now)
{
    static uint8_t data[65536];

    for (int i = 0; i < BATCH; i++) {
        struct sockaddr_storage peer;
        socklen_t bytes = sizeof(peer);
        ssize_t n = recvfrom(fd, data, sizeof(data), 0,
                             (struct sockaddr *)&peer, &bytes);

        if (n < 0)
            return;
        if (n >= 12) { /* too short for a number and a time: none of ours */
            if (n < 20)
                memset(data + n, 0, 20 - (size_t)n);
            datagram_came(fd, data, (size_t)n, &peer, bytes, now);
        }
    }
}
