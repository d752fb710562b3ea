/* Changing from one thread to another on a CPU. */
#pragma once

#include "kernel/space.h"
#include "kernel/thread.h"

/* Loads what `next` needs besides its FPU state: address space, TLS, and where
 * entries save its registers. Its registers follow when the kernel is left. */
static inline __attribute__((always_inline)) void
thread_load(struct cpu *cpu, struct thread *next)
{
    cpu->current = next;
    cpu_set_entry_stack(&cpu->arch, (uint64_t)(&next->regs + 1));
    if (next->space != cpu->space)
        space_load(cpu, next->space);
    /* Always: the last thread may have loaded FS, which changed the base. */
    msr_write(MSR_FS_BASE, next->fs_base);
}

/* From the thread that runs to another. */
static inline __attribute__((always_inline)) void
thread_change(struct cpu *cpu, struct thread *last, struct thread *next)
{
    fpu_save(last->fpu);
    fpu_restore(next->fpu);
    thread_load(cpu, next);
}
