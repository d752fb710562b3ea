/*
 * The console's connection to the network stack, shared by the commands that
 * need one; addresses as people write them; and errors that say what to do.
 */
#pragma once

#include <cordon/net.h>

#define NETWORK_TEXT_BYTES 56u /* "[IPv6]:port" and NUL */

/* The connection; made on first use, and anew when the stack has died. NULL:
 * there is none, and the reason has been printed. */
struct net *network_open(void);

/* The same for who wants to reach others: waits a little for an address that
 * DHCP is still asking for. */
struct net *network_open_ready(void);

/* Prints `NAME: SUBJECT: why`, with what the interface says where that explains
 * it; SHELL_FAILED. */
int network_fail(const char *subject, int status);

/* An address, with its port if that is not 0. Returns `text`. */
const char *network_text(char text[NETWORK_TEXT_BYTES],
                         const struct net_address *a);

/* An address without a port: 10.0.2.2, fec0::2. False: it is none. */
bool network_parse(const char *text, struct net_address *out);

/* The addresses of a host, given as one or by name, of family 4, 6, or 0 for
 * both; at least one. Not SHELL_OK: it has been said why. */
int network_find(struct net *net, const char *host, unsigned family,
                 struct net_address out[NET_ANSWERS_MAX], unsigned *count);

/* Connects a new TCP socket; NET_OK or why not, and then there is none. */
int network_connect(struct net *net, const struct net_address *to,
                    unsigned *socket);

/* Waits for news of a socket. False: the time is over, Ctrl-C was pressed or
 * the stack has gone. */
bool network_wait(struct net *net, uint64_t deadline);
