/*
 * Endpoints and replies: synchronous messages with donation. An endpoint is a
 * queue of threads that all want to send or all want to receive. A Reply
 * holds the caller whose message was taken until it is answered.
 */
#pragma once

#include "kernel/sched.h"

struct endpoint {
    struct object object;
    struct lock lock;
    bool receivers;     /* the queue holds receivers, else senders */
    struct thread *head; /* circular; NULL: empty */
};

struct reply {
    struct object object;
    struct lock lock;
    struct thread *caller; /* waiting for the answer, or NULL */
    struct thread *holder; /* RECEIVING into it, or NULL */
    struct sched_context *context; /* donated through it, or NULL */
    struct thread *lender;         /* whose that context was */
    struct reply *below;           /* next on the context's chain */
};

/* Operations; see kernel/api/operations.yaml. They set regs themselves. */
void endpoint_send(struct cpu *cpu, struct thread *self, uint64_t word);
void endpoint_call(struct cpu *cpu, struct thread *self, uint64_t word);
void endpoint_receive(struct cpu *cpu, struct thread *self, uint64_t word);
void reply_receive(struct cpu *cpu, struct thread *self, uint64_t word);
void reply_send(struct cpu *cpu, struct thread *self, uint64_t word);

/* Sends the thread's fault to its handler, or stops it if it has none. */
void endpoint_fault(struct cpu *cpu, struct thread *self);

/* Takes the thread off the endpoint if it is still queued there so. */
bool endpoint_cancel(struct thread *thread, enum thread_state state);
/* Closes a call that waits for its answer, if it still does. */
bool reply_cancel(struct reply *reply, struct thread *caller);
enum step endpoint_destroy_step(struct endpoint *endpoint);
enum step reply_destroy_step(struct reply *reply);
