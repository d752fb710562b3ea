/* The machine's side of the network, as ifconfig and netstat show and set it
 * (<cordon/net.h>). */
#pragma once

#include <cordon/net.h>

/* Asks the driver for its counts: that overwrites the thread's message page. */
void interface_describe(struct net_interface *out);

/* All but `denied` and `corrupt`, which the clients' side knows. */
void interface_count(struct net_statistics *out);

/* NET_OK, NET_E_REQUEST, NET_E_UNSUPPORTED. */
enum net_status interface_configure(const struct net_configuration *what);
