/*
 * Everything a component usually needs. Each header also stands alone.
 */
#pragma once

#include <cordon/abi.h>
#include <cordon/clock.h>
#include <cordon/ipc.h>
#include <cordon/memory.h>
#include <cordon/service.h>
#include <cordon/slot.h>
#include <cordon/startup.h>
#include <cordon/syscalls.h>
#include <cordon/thread.h>

/* What the component found when it started; never NULL in main(). */
extern const struct startup *startup;

/* The index-th granted capability of a kind, with this name unless NULL;
 * NULL if there is none. */
const struct startup_cap *startup_find(enum startup_kind kind, const char *name,
                                       unsigned index);
