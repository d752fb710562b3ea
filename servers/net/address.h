/*
 * The machine's own addresses: set or asked for as the configuration says, and
 * told to people on the log as they come and go.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "servers/net/config.h"

/* The card is there (card.h). `config` stays the caller's, and valid. */
void address_start(const struct config *config);

/* Drops what there is and asks DHCP. */
void address_dhcp(void);

/* A fixed IPv4 address; any gateway is none. */
void address_set(const ip4_addr_t *address, const ip4_addr_t *netmask,
                 const ip4_addr_t *gateway);

/* Takes the interface out of use, its IPv4 address with it if DHCP gave it; and
 * back into use. */
void address_down(void);
void address_up(void);

/* Whether the address comes by DHCP (and has come), seconds left of it. */
bool address_is_dhcp(void);
bool address_has_come(void);
uint32_t address_lease(void);

/* Names are asked of this server first, whatever DHCP and routers say. */
void address_set_dns(const ip_addr_t *server);

/* About once a second: names a server again that DHCP has put others before. */
void address_look(void);

/* Looks at an ARP packet that came: does somebody else say our address? */
struct pbuf;
void address_watch(const struct pbuf *frame);
