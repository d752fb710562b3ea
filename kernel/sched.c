/* Run queue, budgets and donation: see sched.h. */
#include "kernel/sched.h"
#include "kernel/arch/x86_64/apic.h"
#include "kernel/endpoint.h"
#include "kernel/remote.h"

/* How long equals run before the next has its turn, nanoseconds. */
#define SLICE_NS 5000000ul

static uint64_t slice_cycles;

static inline bool is_runnable(const struct sched_context *context)
{
    return context->thread && context->thread->context == context &&
           context->thread->state == THREAD_READY && !context->depleted;
}

static void queue_put(struct cpu *cpu, struct sched_context *context, bool last)
{
    struct run_queue *queue = &cpu->queue;
    struct sched_context **tail = &queue->tail[context->priority];

    if (*tail) {
        context->prev = *tail;
        context->next = (*tail)->next;
        context->prev->next = context;
        context->next->prev = context;
    } else {
        context->next = context->prev = context;
        queue->bitmap[context->priority / 64] |= 1ul << context->priority % 64;
    }
    if (last || context->next == context)
        *tail = context;
    context->queued = true;
}

void sched_dequeue(struct cpu *cpu, struct sched_context *context)
{
    struct run_queue *queue = &cpu->queue;
    struct sched_context **tail = &queue->tail[context->priority];

    if (!context->queued)
        return;
    context->queued = false;
    if (context == cpu->favourite) {
        cpu->favourite = NULL;
        return;
    }
    if (context->next == context) {
        *tail = NULL;
        queue->bitmap[context->priority / 64] &=
            ~(1ul << context->priority % 64);
        return;
    }
    context->next->prev = context->prev;
    context->prev->next = context->next;
    if (*tail == context)
        *tail = context->prev;
}

static struct sched_context *queue_first(const struct cpu *cpu)
{
    for (int i = PRIORITIES / 64 - 1; i >= 0; i--) {
        uint64_t bits = cpu->queue.bitmap[i];

        if (bits) {
            int top = 63 - __builtin_clzl(bits);
            return cpu->queue.tail[i * 64 + top]->next;
        }
    }
    return NULL;
}

/* One that will preempt what runs waits beside the queue, not in it. */
static void prefer(struct cpu *cpu, struct sched_context *context)
{
    struct sched_context *other = cpu->favourite;

    cpu->reschedule = true;
    if (other && other->priority >= context->priority) {
        queue_put(cpu, context, true);
        return;
    }
    if (other)
        queue_put(cpu, other, true);
    context->queued = true;
    cpu->favourite = context;
}

/*
 * A caller whose budget runs out while it is served leaves the rest to the
 * server, if that has a budget of its own: a client with a tiny one cannot hold
 * the server's others up, and it calls again in its next period at the
 * earliest (R7).
 */
static void fall_back(struct cpu *cpu, struct sched_context *context)
{
    const struct thread *carrier = context->thread;

    if (context->chain && carrier && carrier->context == context &&
        carrier->own)
        sched_return(cpu, context->chain);
}

/* It is not more important than what runs; equals take turns. */
static __attribute__((noinline)) void line_up(struct cpu *cpu,
                                              struct sched_context *context,
                                              struct sched_context *running)
{
    queue_put(cpu, context, true);
    if (context->priority == running->priority && cpu->slice_end == ~0ul) {
        cpu->slice_end = tsc_read() + slice_cycles;
        sched_arm(cpu);
    }
}

void sched_enqueue(struct cpu *cpu, struct sched_context *context)
{
    struct sched_context *running;

    if (unlikely(context->depleted)) {
        fall_back(cpu, context);
        return;
    }
    running = cpu->context;
    if (context->queued || context == running || !is_runnable(context))
        return;
    if (!running || context->priority > running->priority)
        prefer(cpu, context);
    else
        line_up(cpu, context, running);
}

/* A new period begins, unless the old one still runs. */
static void renew(struct sched_context *context, uint64_t now)
{
    if (now < context->period_end)
        return;
    context->period_end = now + context->period;
    context->remaining = (int64_t)context->budget;
}

/* The budget is used up, for this period if it has not ended. */
static void use_up(struct cpu *cpu, struct sched_context *context)
{
    renew(context, cpu->charged);
    if (context->remaining > 0)
        return;
    context->depleted = true;
    context->exhausted++;
    context->refill_cpu = (uint8_t)cpu->index;
    cpu->reschedule = true;
    timer_set(&cpu->wheel, &context->refill, context->period_end);
}

static inline void charge(struct cpu *cpu, struct sched_context *context)
{
    uint64_t now = tsc_read(), used = now - cpu->charged;

    cpu->charged = now;
    if (!context)
        return;
    context->consumed += used;
    if (!context->limited || context->depleted)
        return; /* depleted: its refill is set already */
#ifndef MUTATION_no_charge
    context->remaining -= (int64_t)used;
#endif
    if (unlikely(context->remaining <= 0))
        use_up(cpu, context);
}

void sched_charge(struct cpu *cpu)
{
    charge(cpu, cpu->context);
}

void sched_leave(struct cpu *cpu)
{
    charge(cpu, cpu->context);
    cpu->context = NULL;
    cpu->reschedule = true;
}

void sched_refill(struct cpu *cpu, struct sched_context *context)
{
    context->depleted = false;
    renew(context, clock_tsc());
    if (context->cpu == cpu->index)
        sched_enqueue(cpu, context);
    else if (context->thread)
        remote_request(context->thread, REQUEST_CONTEXT);
}

/* When the timer has to fire. */
static inline uint64_t next_event(const struct cpu *cpu)
{
    uint64_t next = timer_next(&cpu->wheel);

    return cpu->slice_end < next ? cpu->slice_end : next;
}

void sched_arm(struct cpu *cpu)
{
    uint64_t next = next_event(cpu);

    if (next >= cpu->armed)
        return; /* an early interrupt does no harm */
    cpu->armed = next;
    apic_timer_arm_tsc(next);
}

/* When the chosen context is looked at again: end of budget or of its turn. */
static inline uint64_t slice_end_of(const struct cpu *cpu,
                                    struct sched_context *context, uint64_t now)
{
    bool alone = !cpu->queue.tail[context->priority];

    if (context->limited) {
        renew(context, now);
        if (alone || (uint64_t)context->remaining < slice_cycles)
            return now + (uint64_t)context->remaining;
    }
    return alone ? ~0ul : now + slice_cycles;
}

/* Takes the most important that is ready. If something ran, the favourite is
 * more important than that, and so than all in the queue. */
static struct sched_context *take_first(struct cpu *cpu, bool something_ran)
{
    struct sched_context *favourite = cpu->favourite, *first;

    if (favourite) {
        first = something_ran ? NULL : queue_first(cpu);
        cpu->favourite = NULL;
        if (!first || favourite->priority > first->priority) {
            favourite->queued = false;
            return favourite;
        }
        queue_put(cpu, favourite, true);
    }
    first = queue_first(cpu);
    if (first)
        sched_dequeue(cpu, first);
    return first;
}

struct thread *sched_choose(struct cpu *cpu)
{
    struct sched_context *running = cpu->context, *next;

    charge(cpu, running);
    if (running && unlikely(running->depleted)) {
        fall_back(cpu, running);
        running = cpu->context;
    }
    if (running && is_runnable(running))
        queue_put(cpu, running, cpu->charged >= cpu->slice_end);
    next = take_first(cpu, running != NULL);
    cpu->context = next;
    cpu->reschedule = !next; /* idle: always look anew */
    cpu->slice_end = next ? slice_end_of(cpu, next, cpu->charged) : ~0ul;
    if (unlikely(next_event(cpu) < cpu->armed))
        sched_arm(cpu);
    return next ? next->thread : NULL;
}

void sched_donate(struct cpu *cpu, struct thread *from, struct thread *to,
                  struct reply *reply)
{
    struct sched_context *context = from->context;

    reply->context = NULL;
    if (!context || context->depleted || context->depth >= DONATION_DEPTH)
        return;
    if (to->cpu != context->cpu) {
        if (cpu->context == context)
            sched_leave(cpu);
        context->cpu = to->cpu;
    }
    sched_lend(context, from, to, reply);
}

static void chain_pop(struct sched_context *context)
{
    struct reply *top = context->chain;

    context->chain = top->below;
    context->depth--;
    top->context = NULL;
}

void sched_return(struct cpu *cpu, struct reply *reply)
{
    struct sched_context *context = reply->context;
    struct thread *carrier = context->thread;
    struct thread *lender = reply->lender;

    while (context->chain != reply)
        chain_pop(context);
    sched_dequeue(cpu, context);
    sched_give_back(context, carrier, lender, reply);
    if (lender->cpu != cpu->index) {
        if (cpu->context == context)
            sched_leave(cpu);
        context->cpu = lender->cpu;
        remote_request(lender, REQUEST_CONTEXT);
    } else if (cpu->context == context) {
        cpu->reschedule = true; /* unless the caller switches to lender */
    } else {
        sched_enqueue(cpu, context);
    }
    if (carrier->own && carrier->state == THREAD_READY)
        sched_enqueue(cpu, carrier->own);
}

bool sched_recall(struct cpu *cpu, struct thread *lender)
{
    struct sched_context *context = lender->lent;
    struct reply *reply;

    if (!context)
        return true;
    if (context->cpu != cpu->index) {
        remote_request(context->thread, REQUEST_RECALL);
        return false;
    }
    for (reply = context->chain; reply; reply = reply->below)
        if (reply->lender == lender) {
            sched_return(cpu, reply);
            break;
        }
    return true;
}

enum step sched_binding_lost(struct sched_context *context)
{
    struct thread *thread = (struct thread *)cap_object(&context->binding);
    enum step step = thread_stop_step(thread);

    if (step != STEP_DONE)
        return step;
    thread->own = NULL;
    if (thread->context == context)
        thread->context = NULL;
    context->thread = NULL;
    /* It may have been depleted where it was lent, on another CPU's wheel. */
    timer_cancel(&cpus[context->refill_cpu].wheel, &context->refill);
    context->depleted = false;
    return STEP_DONE;
}

enum step sched_destroy_step(struct sched_context *context)
{
    enum step step;

    if (cap_is_empty(&context->binding))
        return STEP_DONE;
    step = sched_binding_lost(context);
    if (step == STEP_DONE)
        cap_remove(&context->binding);
    return step;
}

void sched_init(void)
{
    slice_cycles = clock_cycles(SLICE_NS);
}
