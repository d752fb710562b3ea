/*
 * Scheduling contexts and the run queue of a CPU. The highest priority runs;
 * equals take turns. A context whose budget is used up waits for its next
 * period. While a call is served the caller's context carries the server's
 * thread, so time is charged to whoever caused the work (R7).
 */
#pragma once

#include "kernel/thread.h"

struct sched_context {
    struct object object;
    uint8_t priority;
    uint8_t cpu;        /* where it is now */
    uint8_t refill_cpu; /* whose wheel `refill` is on, if it is set */
    bool queued;
    bool depleted;
    bool limited;                      /* budget < period */
    uint8_t depth;                     /* replies on its donation chain */
    struct thread *thread;             /* that it carries */
    struct sched_context *next, *prev; /* run queue */
    struct reply *chain; /* replies through which it was donated, last first */
    uint64_t budget, period; /* TSC cycles */
    int64_t remaining;       /* of this period */
    uint64_t period_end;     /* TSC */
    uint64_t consumed;
    uint64_t exhausted;
    struct timer refill;
    struct cap binding; /* the Thread whose own it is */
};

/* Once, when the clock runs. */
void sched_init(void);
/* Queues it on its CPU (the caller's) if it may run, and asks for a
 * reschedule if it is more important than what runs. */
void sched_enqueue(struct cpu *cpu, struct sched_context *context);
void sched_dequeue(struct cpu *cpu, struct sched_context *context);
/* Charges what runs up to now. */
void sched_charge(struct cpu *cpu);
/* Charges what runs and takes it off this CPU: choose anew at kernel exit. */
void sched_leave(struct cpu *cpu);
/* The next period of a depleted context began. */
void sched_refill(struct cpu *cpu, struct sched_context *context);
/* Chooses the context to run; NULL: idle. Arms the timer. */
struct thread *sched_choose(struct cpu *cpu);
/* Sets the APIC timer for the next timer or end of slice. */
void sched_arm(struct cpu *cpu);

/* Gives `from`'s context to `to` for as long as `reply` is open. */
void sched_donate(struct cpu *cpu, struct thread *from, struct thread *to,
                  struct reply *reply);
/* Gives the context that came through `reply` back to its lender. The context
 * is on this CPU, or idle. */
void sched_return(struct cpu *cpu, struct reply *reply);
/*
 * Takes the context that `lender` lent back from wherever it is. False: it is
 * on another CPU, which has been asked to send it.
 */
bool sched_recall(struct cpu *cpu, struct thread *lender);
enum step sched_destroy_step(struct sched_context *context);
enum step sched_binding_lost(struct sched_context *context);
