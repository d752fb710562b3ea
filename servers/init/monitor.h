/*
 * The monitor and power services (<cordon/monitor.h>).
 */
#pragma once

#include <cordon/ipc.h>

#include "servers/init/component.h"

/*
 * Answers the request in *m by making the answer of it. Where something has to
 * be done only after the answer is out, returns it, and *target says to whom.
 */
typedef void monitor_after(struct component *c);
monitor_after *monitor_serve(struct message *m, uint32_t *target);

void power_serve(struct message *m);

/* The monotonic time when the last component had been started. */
extern uint64_t boot_done_ns;
