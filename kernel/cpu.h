/*
 * What belongs to one CPU: its current thread, its run queue, its timers and
 * its inbox, through which other CPUs ask for work. GS base points here while
 * the kernel runs; offsets of the first members are known to entry.S.
 */
#pragma once

#define CPU_CURRENT 0
#define CPU_STACK   8
#define CPU_SCRATCH 16
#define CPU_SELF    24

#ifndef __ASSEMBLER__
#include "kernel/arch/x86_64/arch_cpu.h"
#include "kernel/arch/x86_64/cpu_ops.h"
#include "kernel/arch/x86_64/vectors.h"
#include "kernel/pcid.h"
#include "kernel/platform.h"
#include "kernel/timer.h"

struct interrupt;
struct thread;
struct sched_context;
struct space;

#define PRIORITIES 256
#define QUIET      (~0ul)

struct run_queue {
    uint64_t bitmap[PRIORITIES / 64];
    /* Last of a circular list, so that its next is the first. */
    struct sched_context *tail[PRIORITIES];
};

struct cpu {
    struct thread *current; /* whose registers an entry saves; NULL: idle */
    uint64_t stack_top;
    uint64_t scratch;
    struct cpu *self;
    uint32_t index;
    bool online;
    struct sched_context *context; /* that runs; NULL: idle */
    /* Became ready and is more important than `context`; not in the queue. */
    struct sched_context *favourite;
    struct space *space; /* whose tables are loaded, or NULL */
    uint64_t charged;    /* TSC up to which `context` has been charged */
    uint64_t slice_end;  /* TSC at which it is looked at again; ~0: never */
    uint64_t armed;      /* TSC for which the APIC timer is set; ~0: not */
    bool reschedule;

    struct pcid_cache pcids;
    struct run_queue queue;
    struct timer_wheel wheel;
    /* Who has which vector; changed under the structure lock. */
    struct interrupt *vectors[DEVICE_VECTORS];
    struct arch_cpu arch;

    /* Written by other CPUs; on lines of their own. */
    struct thread *inbox __attribute__((aligned(64)));
    uint64_t flush_wanted; /* TLB flushes asked for ... */
    uint64_t flush_done;   /* ... and done */
    /* Round in which it last had left the kernel and served its inbox. While
     * it idles it holds nothing, so nobody waits for it: QUIET. */
    uint64_t quiesce_done;
} __attribute__((aligned(4096)));

_Static_assert(offsetof(struct cpu, stack_top) == CPU_STACK, "entry.S");
_Static_assert(offsetof(struct cpu, scratch) == CPU_SCRATCH, "entry.S");
_Static_assert(offsetof(struct cpu, self) == CPU_SELF, "entry.S");

extern struct cpu cpus[MAX_CPUS];

static inline struct cpu *cpu_self(void)
{
    struct cpu *self;

    __asm__("movq %%gs:24, %0" : "=r"(self));
    return self;
}
#endif
