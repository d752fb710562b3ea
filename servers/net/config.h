/* What the policy's arguments say (docs/policy.md has the list). */
#pragma once

#include "servers/net/stack.h"

#include <lwip/ip_addr.h>

#include <stdbool.h>

struct config {
    bool dhcp; /* else: */
    ip4_addr_t address, netmask, gateway;
    bool ipv6;           /* a link-local address, and: */
    bool ipv6_auto;      /* what routers announce, or */
    ip6_addr_t address6; /* this one, with 64 bits of prefix */
    ip_addr_t dns[2];
    unsigned dns_count;
    char hostname[32]; /* "" if none was given */
};

/* False: an argument is wrong; it has said which and why. */
bool config_read(int argc, char **argv, struct config *out);

/* Whether it is an address that a host can have. */
bool config_is_host(const ip4_addr_t *address);
