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
};

/* Reads in a round. The first rounds warm up. */
#define READS_1    1
#define READS_32   1024
#define READS_128K 512
#define ROUNDS_1   512
#define ROUNDS     8
#define ROUNDS_NIC 64 /* of 32 packets */
