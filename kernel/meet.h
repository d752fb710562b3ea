/*
 * How the short way finds a waiting server: for calls (fastpath.c) and for
 * faults (fast_fault.c).
 */
#pragma once

#include "kernel/endpoint.h"
#include "kernel/queue.h"
#include "kernel/sched.h"

#define unlikely(condition) __builtin_expect(!!(condition), 0)

static inline uint16_t plain(enum thread_state state, const struct cpu *cpu)
{
    return (uint16_t)(state | cpu->index << 8);
}

/*
 * Takes the first receiver off the endpoint and makes `self` wait for its
 * answer. NULL: there is none, or it needs the long way.
 */
static inline __attribute__((always_inline)) struct thread *
meet_receiver(struct cpu *cpu, struct thread *self, struct endpoint *endpoint)
{
    struct reply *reply;
    struct thread *to;

    lock_acquire(&endpoint->lock);
    to = endpoint->receivers;
    if (unlikely(!to || to->plain_on != cpu->index))
        goto long_way;
    /* Another CPU may be destroying the Reply: look at the pointer once. */
    reply = __atomic_load_n(&to->reply, __ATOMIC_RELAXED);
    if (unlikely(!reply || !reply_put(reply, self)))
        goto long_way;
    queue_take(&endpoint->receivers, to);
    lock_release(&endpoint->lock);
    reply->holder = NULL;
    to->reply = NULL;
    to->state = THREAD_READY;
    self->reply = reply;
    self->state_and_plain = plain(THREAD_CALLING, cpu);
    sched_lend(cpu->context, self, to, reply);
    return to;

long_way:
    lock_release(&endpoint->lock);
    return NULL;
}
