/*
 * The traffic of the socket benchmarks, from ordinary BSD sockets: the same
 * source runs on Cordon (tests/component/benchsocket) and on Linux
 * (tests/bench/linux). One side sends, the other one receives; each has a CPU,
 * a network stack and a card of its own, so that what a CPU executes between
 * two marks of the sender is what sending, or receiving, costs.
 */
#pragma once

#define TRAFFIC_PORT 5001

/* Frames of 64 and of 1,500 bytes: less 14 (Ethernet), 20 (IPv4), 8 (UDP). */
#define TRAFFIC_SMALL 22u
#define TRAFFIC_LARGE 1458u

/* A round is 32 datagrams and one answer; the first rounds warm up. */
#define TRAFFIC_BATCH  32u
#define TRAFFIC_ROUNDS 80u

/* Echoes, one at a time: ICMP's 8 bytes and 56 more. */
#define TRAFFIC_PINGS      64u
#define TRAFFIC_PING_BYTES 64u

/* A round of TCP: so many bytes, in calls of 64 KiB, and one byte back. */
#define TRAFFIC_TCP_BYTES  (4u << 20)
#define TRAFFIC_TCP_CHUNK  (64u << 10)
#define TRAFFIC_TCP_ROUNDS 8u

/*
 * Sends all of it to the receiver at `peer` (dotted decimal), with marks around
 * each round. Returns 0, or 1 after a line on standard output that says what
 * went wrong.
 */
int traffic_send(const char *peer);

/* The other side of it. Returns the same, when the sender has done. */
int traffic_receive(void);
