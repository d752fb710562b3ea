/*
 * What the functions of <netdb.h> share.
 */
#pragma once

#include <cordon/net.h>
#include <netdb.h>

/* An address in digits, port 0. False: it is none. */
bool address_of_text(const char *text, struct net_address *out);

/* Addresses of `host` (NULL: of this machine, or any); 0 or EAI_*. */
int host_addresses(const char *host, unsigned family, int flags,
                   struct net_address out[NET_ANSWERS_MAX], unsigned *count);

/* The port that a service has: a number or a name; NULL: 0. 0 or EAI_*. */
int service_port(const char *service, const struct addrinfo *hints,
                 uint16_t *port);
