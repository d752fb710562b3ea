/* What init knows of this component itself. */
#pragma once

#include <cordon/monitor.h>

#include "tests/attack/attack.h"

/* Our number, as init counts, and the rest into *out. */
__attribute__((unused)) static uint32_t self_find(cap_t monitor,
                                                  struct monitor_component *out)
{
    struct monitor_system system;

    if (monitor_system(monitor, &system) != 0)
        attack_error("monitor", 0);
    for (uint32_t i = 0; i < system.components; i++)
        if (monitor_component(monitor, i, out) == 0 &&
            strcmp(out->name, startup->name) == 0)
            return i;
    attack_error("own number", 0);
}

/* How often this component was started again. */
__attribute__((unused)) static uint32_t self_restarts(void)
{
    struct monitor_component self;

    self_find(service_find("monitor"), &self);
    return self.restarts;
}
