/*
 * The clock, read from the time-stamp counter, and waiting for a time.
 */
#include <cordon/clock.h>
#include <cordon/cordon.h>

#include "libsys/runtime.h"

uint64_t clock_now(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return clock_scale(&startup->clock, (uint64_t)high << 32 | low);
}

uint64_t clock_wall(void)
{
    return startup->wall_seconds * NS_PER_S + clock_now();
}

uint64_t clock_after(uint64_t ns)
{
    uint64_t now = clock_now();

    return ns > DEADLINE_NEVER - 1 - now ? DEADLINE_NEVER : now + ns;
}

void clock_sleep_until(uint64_t deadline)
{
    /* The notification may hold a late signal of a lock: hence the loop. */
    while (clock_now() < deadline)
        notification_wait(thread_current()->park, deadline);
}

void clock_sleep(uint64_t ns)
{
    clock_sleep_until(clock_after(ns));
}

void clock_spin(uint64_t ns)
{
    uint64_t end = clock_after(ns);

    while (clock_now() < end)
        __asm__ volatile("pause");
}
