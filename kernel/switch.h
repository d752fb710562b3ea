/* Changing from one thread to another on a CPU. */
#pragma once

#include "kernel/space.h"
#include "kernel/thread.h"

/* Loads `next` into this CPU: FPU state, address space, where entries save
 * its registers. Its registers follow when the kernel is left. */
static inline void thread_switch(struct cpu *cpu, struct thread *next)
{
    struct thread *last = cpu->current;

    if (last)
        fpu_save(last->fpu);
    cpu->current = next;
    fpu_restore(next->fpu);
    cpu_set_entry_stack(&cpu->arch, (uint64_t)(&next->regs + 1));
    if (next->space != cpu->space)
        space_load(cpu, next->space);
    /* Always: the last thread may have loaded FS, which changed the base. */
    msr_write(MSR_FS_BASE, next->fs_base);
}
