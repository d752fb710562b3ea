/*
 * Endpoints and replies: synchronous messages with donation. An endpoint is a
 * queue of threads that want to send, or of threads that want to receive. A
 * Reply holds the caller whose message was taken until it is answered.
 */
#pragma once

#include "kernel/sched.h"

struct endpoint {
    struct object object; /* dying: nobody is queued any more */
    struct lock lock;
    struct thread *receivers; /* queue of threads that wait for a message */
    struct thread *senders;   /* queue of threads that have one. At most one
                               * of the two is in use. */
};

struct reply {
    struct object object;
    struct thread *caller;         /* waits for the answer; NULL, or REPLY_DEAD.
                                    * Atomic: whoever clears it ends the call. */
    struct thread *holder;         /* RECEIVING into it, or NULL */
    struct sched_context *context; /* donated through it, or NULL */
    struct thread *lender;         /* whose that context was */
    struct reply *below;           /* next on the context's chain */
};

/*
 * The bare links of donation, for a context that stays on its CPU: `from`
 * lends it to `to` through `reply`; `carrier` gives it back.
 */
static inline void sched_lend(struct sched_context *context,
                              struct thread *from, struct thread *to,
                              struct reply *reply)
{
    from->context = NULL;
    from->lent = context;
    to->context = context;
    context->thread = to;
    reply->context = context;
    reply->lender = from;
    reply->below = context->chain;
    context->chain = reply;
    context->depth++;
}

static inline void sched_give_back(struct sched_context *context,
                                   struct thread *carrier,
                                   struct thread *lender, struct reply *reply)
{
    context->chain = reply->below;
    context->depth--;
    reply->context = NULL;
    carrier->context = carrier->own;
    lender->context = context;
    lender->lent = NULL;
    context->thread = lender;
}

/* `caller` of a Reply that is being destroyed. */
#define REPLY_DEAD ((struct thread *)1)

/* Makes `caller` NULL if it is still this thread: ends its call. */
static inline bool reply_take(struct reply *reply, struct thread *caller)
{
    return __atomic_compare_exchange_n(&reply->caller, &caller, NULL, false,
                                       __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/* Makes the call of `caller` wait for an answer through `reply`. */
static inline bool reply_put(struct reply *reply, struct thread *caller)
{
    struct thread *none = NULL;

    return __atomic_compare_exchange_n(&reply->caller, &none, caller, false,
                                       __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/* The thread whose call waits for the answer, or NULL. */
static inline struct thread *reply_caller(const struct reply *reply)
{
    struct thread *caller = __atomic_load_n(&reply->caller, __ATOMIC_ACQUIRE);

    return caller == REPLY_DEAD ? NULL : caller;
}

/* Sends the thread's fault to its handler, or stops it if it has none. */
void endpoint_fault(struct cpu *cpu, struct thread *self);

/* Takes the thread off the endpoint if it is still queued there so. */
bool endpoint_cancel(struct thread *thread, enum thread_state state);
/* Closes a call that waits for its answer, if it still does. */
bool reply_cancel(struct reply *reply, struct thread *caller);
enum step endpoint_destroy_step(struct endpoint *endpoint);
enum step reply_destroy_step(struct reply *reply);
