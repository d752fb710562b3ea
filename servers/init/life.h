/*
 * A component's lives: how one starts, how it ends, and whether another
 * follows.
 */
#pragma once

#include "servers/init/component.h"

/* Starts one component, and for the PCI server what depends on it. */
void life_start(struct component *c);

/* Ends the life for the reason in c->text and applies the restart rule. */
void life_stop(struct component *c, bool failure);

/* Ends it and starts it again at once, whatever the rule. */
void life_restart(struct component *c);

/* The component that comes back next, and when (c->restart_at); NULL if none
 * does. */
struct component *life_next(void);

/* Only a console reads the log: without one it goes to the serial port. */
void life_check_console(void);
