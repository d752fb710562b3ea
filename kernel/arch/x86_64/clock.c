/*
 * Time is the time-stamp counter, scaled; boot/ calibrates it. User mode reads
 * the same counter with the same scale.
 */
#include "kernel/arch/x86_64/cpu_ops.h"
#include "kernel/platform.h"

uint64_t clock_tsc(void)
{
    return tsc_read();
}

uint64_t clock_tsc_to_ns(uint64_t tsc)
{
    const struct clock_params *clock = &platform.clock;

    if (tsc < clock->tsc_base)
        return 0;
    return (uint64_t)((unsigned __int128)(tsc - clock->tsc_base) *
                          clock->mult >>
                      clock->shift);
}

/* The inverse, exactly: the first tick whose time is not before `ns`. */
uint64_t clock_ns_to_tsc(uint64_t ns)
{
    const struct clock_params *clock = &platform.clock;
    uint64_t whole = ns / clock->mult, rest = ns % clock->mult;
    uint64_t ticks = ((rest << clock->shift) + clock->mult - 1) / clock->mult;

    if (whole >> (63 - clock->shift))
        return ~0ull;
    ticks += whole << clock->shift;
    return ticks > ~0ull - clock->tsc_base ? ~0ull : ticks + clock->tsc_base;
}
