/*
 * Time. The monotonic clock counts nanoseconds since boot and is read from the
 * time-stamp counter without a system call. All deadlines are in it.
 */
#pragma once

#include <cordon/abi.h>

#define NS_PER_US 1000ull
#define NS_PER_MS 1000000ull
#define NS_PER_S  1000000000ull

/* Nanoseconds since boot. */
uint64_t clock_now(void);

/* Nanoseconds since 1970 UTC. */
uint64_t clock_wall(void);

/* The deadline `ns` nanoseconds from now; never wraps. */
uint64_t clock_after(uint64_t ns);

/* Sleeps until that time of the monotonic clock. */
void clock_sleep_until(uint64_t deadline);
void clock_sleep(uint64_t ns);

/* Busy-waits; for device delays of a few microseconds. */
void clock_spin(uint64_t ns);

/* What the counter value means; `tsc` before the base counts as 0. */
static inline uint64_t clock_scale(const struct clock_params *c, uint64_t tsc)
{
    uint64_t ticks = tsc < c->tsc_base ? 0 : tsc - c->tsc_base;

    return (uint64_t)(((unsigned __int128)ticks * c->mult) >> c->shift);
}
