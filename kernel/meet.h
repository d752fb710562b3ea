/* How the short way finds a waiting server: for calls (fastpath.c) and for
 * faults (endpoint.c). */
#pragma once

#include "kernel/endpoint.h"
#include "kernel/queue.h"
#include "kernel/sched.h"

/* A thread of this CPU, blocked without a deadline? */
static inline bool is_here_for_good(const struct cpu *cpu,
                                    const struct thread *thread)
{
    return thread->cpu == cpu->index && !timer_is_set(&thread->timer);
}

/*
 * Takes the first receiver off the endpoint and makes `self` wait for its
 * answer. NULL: there is none, or it needs the long way.
 */
static inline __attribute__((always_inline)) struct thread *
meet_receiver(struct cpu *cpu, struct thread *self,
              struct sched_context *context, struct endpoint *endpoint)
{
    struct reply *reply;
    struct thread *to;

    lock_acquire(&endpoint->lock);
    to = endpoint->receivers;
    if (unlikely(!to) || unlikely(!is_here_for_good(cpu, to)))
        goto long_way;
    /* Another CPU may be destroying the Reply: look at the pointer once. */
    reply = __atomic_load_n(&to->reply, __ATOMIC_RELAXED);
    if (unlikely(!reply) || unlikely(!reply_put(reply, self)))
        goto long_way;
    queue_take(&endpoint->receivers, to);
    lock_release(&endpoint->lock);
    reply->holder = NULL;
    to->reply = NULL;
    to->state = THREAD_READY;
    self->reply = reply;
    self->state = THREAD_CALLING;
    sched_lend(context, self, to, reply);
    return to;

long_way:
    lock_release(&endpoint->lock);
    return NULL;
}
