/*
 * A client of the network stack that breaks the rules of
 * <cordon/net_protocol.h> and of its policy. One file for each way; main.c says
 * which.
 */
#pragma once

#include <cordon/net_protocol.h>

#include "libsys/net_internal.h"
#include "tests/attack/attack.h"
#include "tests/attack/random.h"

#define ATTACK_PORT    9u
#define ATTACK_TIME    (8 * NS_PER_S)
#define ATTACK_RING    16384u
#define ATTACK_SOCKETS 63u

/* A connection with such an arena; `sockets` of its own choice. */
struct net *stack_open(void);

/* The connection has been ended by the server. */
bool stack_ended(struct net *net);

/* Says that there is work for all sockets of a word, in one access: what the
 * server finds may end the connection, and then the arena is gone. */
void stack_tell(struct net *net, unsigned word);

/* The ways. */
void positions(void);
void records(void);
void calls(void);
void rules(void);
int server(void);
