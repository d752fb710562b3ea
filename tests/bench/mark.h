/*
 * A mark for the plugin that counts instructions (tests/bench/count.c): a
 * no-operation with the number in it, which costs one instruction everywhere.
 */
#pragma once

#define MARK(number)                                                           \
    __asm__ volatile("nopl %c0(%%rax)"                                         \
                     :                                                         \
                     : "i"(0x434f0000 + (number))                              \
                     : "memory")

/* Numbers: a round begins with an even one and ends with the next. */
enum {
    MARK_SERVICE_1 = 0,
    MARK_SERVICE_32 = 2,
    MARK_SERVICE_128K = 4,
    MARK_DRIVER_1 = 6,
    MARK_DRIVER_32 = 8,
    MARK_NIC_SEND_64 = 10,
    MARK_NIC_SEND_1500 = 12,
    MARK_NIC_RECEIVE_64 = 14,
    MARK_NIC_RECEIVE_1500 = 16,
    MARK_PACKET_SEND = 18,
    MARK_CALLS = 20, /* tests/kernel/pairs */
    MARK_SUSPEND = 22,
    MARK_PACKET_PASS = 24,
    MARK_DRIVER_128K = 26,
    MARK_UDP_64 = 28,
    MARK_UDP_1500 = 30,
    MARK_TCP = 32,
    MARK_PING = 34,
    MARK_HTTP = 36,
};

/* Reads that are in flight together, and rounds: of one read, or of so many. */
#define DEPTH       32u
#define ROUNDS_1    512u
#define ROUNDS_32   256u
#define ROUNDS_128K 128u
#define ROUNDS_NIC  64 /* of 32 packets */

/* What so many reads took by the guest's clock: of interest where that is the
 * host's clock, that is without -icount. */
#define TELL_TIME(what, reads, since)                                          \
    printf("time %s %u %llu\n", what, (unsigned)(reads),                       \
           (unsigned long long)(clock_now() - (since)))
