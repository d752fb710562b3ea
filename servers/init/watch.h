/*
 * Watching: everything that init hears of comes to one endpoint, and this loop
 * is all that init does once the components have started.
 */
#pragma once

#include "servers/init/component.h"

/* Makes the endpoint and what the loop needs. 0 or -1. */
int watch_open(void);

/* Serves until the component has said that it is ready, has died, or the
 * deadline passed. True if it is ready. */
bool watch_until_ready(const struct component *c, uint64_t deadline);

/* Serves for ever. */
_Noreturn void watch_run(void);
