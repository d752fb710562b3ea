/* What the files of calls share: calls.c, socket_calls.c, option_call.c. */
#pragma once

#include "servers/net/socket.h"

/* Begins the answer; capabilities that came and nobody took are deleted. */
void call_answer(struct message *m, enum net_status status);

/* The last part of a call: an address, or none (family 0). */
bool call_address(struct message *m, struct net_address *out);

/* SOCKET; and all that begin with the number of a socket. */
void call_socket(struct client *c, struct message *m);
void call_about_socket(struct client *c, struct message *m);

enum net_status call_option(struct socket *s, struct message *m);
