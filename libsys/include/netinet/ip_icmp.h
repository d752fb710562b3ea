/*
 * Echo messages, as a ping socket (SOCK_DGRAM, IPPROTO_ICMP) sends them. The
 * stack fills in identifier and checksum (docs/sockets.md).
 */
#pragma once

#include <stdint.h>

struct icmphdr {
    uint8_t type;
    uint8_t code;
    uint16_t checksum;
    union {
        struct {
            uint16_t id;
            uint16_t sequence;
        } echo;
        uint32_t gateway;
    } un;
};

#define ICMP_ECHOREPLY     0
#define ICMP_DEST_UNREACH  3
#define ICMP_ECHO          8
#define ICMP_TIME_EXCEEDED 11
