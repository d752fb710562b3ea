/* Threads: blocking, waking, stopping, switching. See thread.h. */
#include "kernel/thread.h"
#include "kernel/arch/x86_64/segments.h"
#include "kernel/endpoint.h"
#include "kernel/notification.h"
#include "kernel/remote.h"
#include "kernel/space.h"

/* When something in flight on another CPU is looked at again. */
#define RETRY_NS 20000ul

void thread_init(struct thread *thread)
{
    thread->regs.cs = SEL_USER_CODE;
    thread->regs.ss = SEL_USER_DATA;
    thread->regs.rflags = RFLAGS_USER;
    thread->timer.kind = TIMER_THREAD;
    fpu_init_area(thread->fpu);
}

void thread_deadline(struct cpu *cpu, struct thread *thread, uint64_t deadline)
{
    timer_set(&cpu->wheel, &thread->timer, clock_ns_to_tsc(deadline));
    sched_arm(cpu);
}

void thread_block(struct cpu *cpu, struct thread *thread,
                  enum thread_state state, uint64_t deadline)
{
    thread->state = (uint8_t)state;
    if (deadline != DEADLINE_NEVER)
        thread_deadline(cpu, thread, deadline);
    if (thread->context)
        sched_dequeue(cpu, thread->context);
    sched_leave(cpu);
}

static inline void ready(struct cpu *cpu, struct thread *thread)
{
    if (unlikely(thread->state == THREAD_STOPPED || thread->faulted)) {
        thread->state = THREAD_STOPPED;
        return;
    }
    thread->state = THREAD_READY;
    if (thread->context)
        sched_enqueue(cpu, thread->context);
}

static __attribute__((noinline)) void ready_early(struct cpu *cpu,
                                                  struct thread *thread)
{
    timer_cancel(&cpu->wheel, &thread->timer);
    ready(cpu, thread);
}

void thread_wake(struct thread *thread)
{
    struct cpu *cpu = cpu_self();

    if (thread->cpu != cpu->index)
        remote_request(thread, REQUEST_WAKE);
    else if (timer_is_set(&thread->timer))
        ready_early(cpu, thread);
    else
        ready(cpu, thread);
}

void thread_finish(struct thread *thread, uint64_t status)
{
    thread->regs.rax = status;
    thread_wake(thread);
}

/*
 * Takes a blocked thread off its queue; `late` is then what its operation
 * ends with. False: it is no longer there, a wake-up is on its way.
 */
static bool unqueue(struct thread *thread)
{
    struct reply *reply = thread->reply;
    bool taken;

    switch (thread->state) {
    case THREAD_SENDING:
    case THREAD_RECEIVING:
        taken = endpoint_cancel(thread, (enum thread_state)thread->state);
        break;
    case THREAD_CALLING:
        if (!reply)
            return true; /* closed before; its context is not back yet */
        taken = reply_cancel(reply, thread);
        break;
    case THREAD_WAITING:
        taken = notification_cancel(thread);
        break;
    default:
        return true;
    }
    if (taken)
        thread->late = ERR_TIMEOUT;
    return taken;
}

void thread_timeout(struct thread *thread)
{
    struct cpu *cpu = cpu_self();

    if (thread->state == THREAD_READY || thread->state == THREAD_STOPPED)
        return;
    if (unqueue(thread) && sched_recall(cpu, thread))
        thread_finish(thread, thread->late);
    else if (!timer_is_set(&thread->timer))
        timer_set(&cpu->wheel, &thread->timer,
                  clock_tsc() + clock_cycles(RETRY_NS));
}

bool thread_stop_here(struct thread *thread)
{
    struct cpu *cpu = cpu_self();

    if (thread->state == THREAD_STOPPED)
        return true;
    if (!unqueue(thread) || !sched_recall(cpu, thread))
        return false;
    timer_cancel(&cpu->wheel, &thread->timer);
    if (thread->state != THREAD_READY)
        thread->regs.rax = ERR_GONE;
    thread->state = THREAD_STOPPED;
    thread->faulted = false;
    if (thread->context) {
        sched_dequeue(cpu, thread->context);
        if (cpu->context == thread->context)
            sched_leave(cpu);
    }
    return true;
}

enum step thread_stop_step(struct thread *thread)
{
    if (thread->cpu == cpu_self()->index)
        return thread_stop_here(thread) ? STEP_DONE : STEP_AGAIN;
    if (__atomic_load_n(&thread->state, __ATOMIC_ACQUIRE) == THREAD_STOPPED &&
        !__atomic_load_n(&thread->requests, __ATOMIC_ACQUIRE) &&
        cpus[thread->cpu].current != thread)
        return STEP_DONE;
    remote_request(thread, REQUEST_STOP);
    return STEP_AGAIN;
}

/* A context that it carries for somebody goes back. */
static enum step release_donated(struct thread *thread)
{
    struct sched_context *context = thread->context;
    struct cpu *cpu = cpu_self();

    if (!context || context == thread->own || !context->chain)
        return STEP_DONE;
    if (context->cpu != cpu->index) {
        remote_request(thread, REQUEST_RECALL);
        return STEP_AGAIN;
    }
    sched_return(cpu, context->chain);
    return STEP_DONE;
}

enum step thread_destroy_step(struct thread *thread)
{
    enum step step = thread_stop_step(thread);
    struct cpu *cpu = cpu_self();

    if (step == STEP_DONE)
        step = release_donated(thread);
    if (step != STEP_DONE)
        return step;
    /* Its CPU may still hold its registers; they are not needed again. */
    if (cpu->current == thread)
        cpu->current = NULL;
    thread->slots = NULL;
    thread->slot_count = 0;
    for (unsigned i = 0; i < THREAD_BINDINGS; i++)
        cap_remove(&thread->bindings[i]);
    return STEP_DONE;
}

enum step thread_binding_lost(struct thread *thread, unsigned role)
{
    enum step step;

    if (role == BIND_FAULT)
        return STEP_DONE;
    step = thread_stop_step(thread);
    if (step != STEP_DONE)
        return step;
    thread->resumable = false;
    thread->slots = NULL;
    thread->slot_count = 0;
    thread->space = NULL;
    thread->message = NULL;
    return STEP_DONE;
}
