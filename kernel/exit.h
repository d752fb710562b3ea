/* The last thing before user mode: which thread runs now. */
#pragma once

#include "kernel/sched.h"
#include "kernel/switch.h"

/* Chooses anew if something asks for it; NULL: idle. */
static inline struct thread *kernel_exit(struct cpu *cpu)
{
    struct thread *next;

    if (__builtin_expect(cpu->reschedule, 0))
        next = sched_choose(cpu);
    else
        next = cpu->context ? cpu->context->thread : NULL;
    if (__builtin_expect(!next, 0)) {
        if (cpu->current)
            fpu_save(cpu->current->fpu);
        cpu->current = NULL;
        __atomic_store_n(&cpu->quiesce_done, QUIET, __ATOMIC_RELEASE);
    } else if (next != cpu->current) {
        thread_switch(cpu, next);
    }
    return next;
}
