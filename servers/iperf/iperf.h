/*
 * What iperf 2 says on the wire, as its stock client (2.0.5 to 2.1) was seen to
 * say it: the head of a test, numbered datagrams, and the report that ends a
 * test with datagrams. All numbers are big-endian.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A stream may begin with a head of IPERF_HEAD bytes; the first word says
 * whether it is one, and how much of it counts. */
#define IPERF_HEAD 36u

enum iperf_flags {
    IPERF_VERSION1 =
        (int)0x80000000, /* wants a test back afterwards (-r, -d) */
    IPERF_EXTENDED = 0x40000000,
    IPERF_64BIT = 0x08000000,    /* datagrams: numbers of 64 bits */
    IPERF_VERSION2 = 0x04000000, /* `upper` below counts */
    IPERF_REVERSE = 0x0400,      /* upper: the server sends (-R) */
    IPERF_DUPLEX = 0x0800,       /* upper: both send (--full-duplex) */
};

/* What a stream's client wants of the server beside taking what comes. */
struct iperf_test {
    bool sends, receives;
    uint64_t bytes;       /* to send; 0: */
    uint64_t nanoseconds; /* for so long */
};
void iperf_head_read(const uint8_t head[IPERF_HEAD], struct iperf_test *test);

#define IPERF_DATAGRAM                                                         \
    16u /* bytes of a datagram that are looked at; older                       \
           clients have 12, and others behind them */
#define IPERF_REPORT                                                           \
    128u /* bytes of the report, which has the datagram's                      \
            head in front */

/* One client's datagrams. */
struct iperf_flow {
    uint64_t datagrams, bytes;
    uint64_t lost, late;  /* late: out of order */
    int64_t highest;      /* number of a datagram; -1: none yet */
    uint64_t began, last; /* nanoseconds of the clock here */
    int64_t transit;      /* ns, of the last: the clocks differ */
    uint64_t jitter;      /* ns, RFC 3550 6.4.1 */
    bool ended;
};

/* Count a datagram. True: it is the test's last, and wants the report. */
bool iperf_flow_count(struct iperf_flow *f, const uint8_t *data, size_t bytes,
                      uint64_t now);

/* The report, in answer to the last datagram, of at least IPERF_REPORT bytes.
 */
void iperf_flow_report(const struct iperf_flow *f, const uint8_t *last,
                       uint8_t report[IPERF_REPORT]);
