/*
 * A server maps memory that its clients lend it, and a client may die or take
 * that memory back at any time: the kernel then takes it out of the server's
 * tables (R4). So that the server's next access is not its end, and an outage
 * for all its other clients, libsys maps such memory at addresses of its own
 * (LENT_ADDRESS), and init answers a fault there by mapping a page of zeros.
 * The server then reads a ring that cannot be, or data that nobody waits for,
 * and drops this one client as it drops others.
 *
 * A client of a network server is in the same place: sockets' rings are the
 * server's, and lent to it. Their Frames are large, so that a page in their
 * place needs a table too.
 *
 * The pages come out of the component's own memory; there are few, and the one
 * that has been in use for longest is taken. Each is an Untyped of its own, so
 * the kernel takes it out and zeroes it (R11), and init never touches it.
 */
#pragma once

#include "servers/init/component.h"

/* Whether it offers a service or has a network. */
bool spare_wanted(const struct component *c);

/* Carves the pages, if they are wanted. Returns the status. */
uint64_t spare_open(struct component *c);

/* Whether the fault was an access to lent memory that is gone, and there is a
 * page in its place now: the thread may go on. */
bool spare_replace(struct component *c, const uint64_t w[FAULT_WORDS]);

/* Takes out what lies in a range of addresses. Returns a service_error. */
uint64_t spare_return(struct component *c, uint64_t address, uint64_t bytes);
