/* The last thing before user mode: which thread runs now. */
#pragma once

#include "kernel/sched.h"
#include "kernel/switch.h"
#include "kernel/syscall.h"

/* Chooses anew if something asks for it, and leaves the kernel. */
static inline __attribute__((always_inline)) _Noreturn void
kernel_exit(struct cpu *cpu)
{
    struct thread *last = cpu->current, *next;

    if (unlikely(cpu->reschedule))
        next = sched_choose(cpu);
    else
        next = cpu->context->thread;
    if (next == last && next)
        kernel_leave(next);
    if (last)
        fpu_save(last->fpu);
    if (next) {
        fpu_restore(next->fpu);
        thread_load(cpu, next);
        kernel_leave(next);
    }
    cpu->current = NULL;
    __atomic_store_n(&cpu->quiesce_done, QUIET, __ATOMIC_RELEASE);
    kernel_idle();
}
