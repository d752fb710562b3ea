/*
 * The half of the server that clients see (<cordon/net.h>), as the loop in
 * main.c drives it. One thread does everything, so nothing here may wait.
 */
#pragma once

#include <cordon/service.h>

/* `events` is the loop's Notification: clients signal it with any bits from
 * EVENT_CLIENTS (loop.h) on. False: it cannot start, and has said why. */
bool clients_start(cap_t events);

/* Answers a call on the service's endpoint, as service.handle. True: a turn
 * should follow. */
bool clients_call(struct service *service, struct message *m);

/* Looks at the rings of clients that have work, some of it; true if there was
 * any. Called in each turn, after what came was handed to lwIP. */
bool clients_turn(void);

/* Before the loop waits: true if no client has work, and each will signal when
 * it has. clients_awake() after waking. */
bool clients_sleep(void);
void clients_awake(void);
