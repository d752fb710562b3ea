/*
 * What the policy lets a client do in the network: whom it may listen to and
 * where it may connect. Pure.
 */
#pragma once

#include <cordon/manifest.h>
#include <cordon/net.h>
#include <cordon/service.h>

/* Ports for whoever asks for any (RFC 6335, 6: dynamic ports). */
#define RULES_DYNAMIC 49152u

/* May it have this port, TCP's or UDP's (MANIFEST_PROTOCOL_...)? */
bool rules_listen(const struct service_client *c, uint8_t protocol,
                  uint16_t port);

/*
 * May it connect or send there? An IPv4 address that is written as an IPv6 one
 * (::ffff:10.0.2.2) is that IPv4 address. MANIFEST_PROTOCOL_ICMP has no ports:
 * peer->port counts as 0.
 */
bool rules_connect(const struct service_client *c, uint8_t protocol,
                   const struct net_address *peer);

/* Is there any rule for this action? */
bool rules_any(const struct service_client *c, uint8_t action);

/* A port to listen on for a client that asked for any, out of those that its
 * rules allow: dynamic ones first, then others from 1024 on. `random` picks.
 * 0: none. */
uint16_t rules_port(const struct service_client *c, uint8_t protocol,
                    uint32_t random);

/* Writes an IPv4 address that stands in an IPv6 one (RFC 4291, 2.5.5.2) as
 * what it is. */
void rules_unmap(struct net_address *a);
