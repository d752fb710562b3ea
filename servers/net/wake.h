/* Notifications of clients, and memory of theirs that messages pass. */
#pragma once

#include <cordon/abi.h>

#include <stdbool.h>

/* Signals; nothing happens if it is gone. */
void wake_signal(cap_t notification);

/* False: it is gone, and so is who made it. */
bool wake_is_alive(cap_t notification);
