/*
 * Endpoints: see endpoint.h. Two threads meet under the endpoint's lock; the
 * one that comes second takes the first off the queue and copies the message.
 * When both are on one CPU, a call or an answer switches straight to the
 * other thread on the same scheduling context.
 */
#include "kernel/endpoint.h"
#include "kernel/meet.h"
#include "kernel/message.h"
#include "kernel/notification.h"
#include "kernel/operations.h"
#include "kernel/queue.h"
#include "kernel/remote.h"

/* It no longer receives into its Reply, which may be going away meanwhile. */
static void release_reply(struct thread *thread)
{
    struct reply *reply = __atomic_load_n(&thread->reply, __ATOMIC_RELAXED);

    if (!reply)
        return;
    reply->holder = NULL;
    thread->reply = NULL;
}

bool endpoint_cancel(struct thread *thread, enum thread_state state)
{
    struct endpoint *endpoint = thread->endpoint;
    bool was_queued;

    if (!endpoint)
        return false;
    lock_acquire(&endpoint->lock);
    was_queued = thread->queued && thread->endpoint == endpoint &&
                 thread->state == state;
    if (was_queued)
        queue_take(state == THREAD_RECEIVING ? &endpoint->receivers
                                             : &endpoint->senders,
                   thread);
    lock_release(&endpoint->lock);
    if (was_queued && state == THREAD_RECEIVING)
        release_reply(thread);
    return was_queued;
}

/* The Reply that `to` received into now waits for the answer to `from`. */
static bool reply_open(struct reply *reply, struct thread *from)
{
    reply->holder = NULL;
    from->reply = reply;
    if (reply->context || !reply_put(reply, from)) {
        from->reply = NULL;
        return false;
    }
    from->state = THREAD_CALLING;
    return true;
}

/* Hands the message of `self` to the receiver `to`, which is off the queue. */
static void deliver(struct cpu *cpu, struct thread *self, struct thread *to,
                    uint64_t badge, bool calling)
{
    struct reply *reply = __atomic_load_n(&to->reply, __ATOMIC_RELAXED);

    message_copy(self, to, badge);
    to->reply = NULL;
    if (!calling) {
        if (reply)
            reply->holder = NULL;
        self->regs.rax = OK;
        thread_wake(to);
        return;
    }
    if (!reply || !reply_open(reply, self)) {
        syscall_fail(self, ERR_GONE, 0);
        thread_finish(to, ERR_GONE);
        return;
    }
    if (self->regs.r13 != DEADLINE_NEVER && !self->faulted)
        thread_deadline(cpu, self, self->regs.r13);
    sched_donate(cpu, self, to, reply);
    if (to->cpu == cpu->index && to->context && to->context == cpu->context) {
        if (timer_is_set(&to->timer))
            timer_cancel(&cpu->wheel, &to->timer);
        to->state = THREAD_READY; /* and runs at once */
        return;
    }
    if (cpu->context && cpu->context->thread == self)
        sched_leave(cpu); /* nothing was donated */
    thread_wake(to);
}

/* Queues the sender until somebody receives. */
static void send_wait(struct cpu *cpu, struct thread *self,
                      struct endpoint *endpoint, uint64_t badge, bool calling)
{
    uint64_t deadline = self->faulted ? DEADLINE_NEVER : self->regs.r13;

    if (deadline == DEADLINE_POLL)
        return (void)syscall_fail(self, ERR_TIMEOUT, 0);
    self->badge = badge;
    self->calling = calling;
    self->sending_caps = self->faulted ? 0 : (uint16_t)TAG_CAPS(self->regs.rsi);
    thread_block(cpu, self, THREAD_SENDING, deadline);
    self->endpoint = endpoint;
    queue_put(&endpoint->senders, self);
}

static void send(struct cpu *cpu, struct thread *self,
                 struct endpoint *endpoint, uint64_t badge, bool calling)
{
    bool caps = !self->faulted && TAG_CAPS(self->regs.rsi);
    struct thread *to;

    if (caps)
        structure_lock();
    lock_acquire(&endpoint->lock);
    to = endpoint->receivers;
    if (endpoint->object.dying || (to && calling && !to->reply)) {
        syscall_fail(self, ERR_GONE, 0);
        lock_release(&endpoint->lock);
    } else if (to) {
        queue_take(&endpoint->receivers, to);
        lock_release(&endpoint->lock);
        deliver(cpu, self, to, badge, calling);
    } else {
        send_wait(cpu, self, endpoint, badge, calling);
        lock_release(&endpoint->lock);
    }
    if (caps)
        structure_unlock();
}

void endpoint_send_op(struct thread *self, struct cap_view cap)
{
    if (message_check(self, word_rights(cap.word)))
        send(cpu_self(), self, word_object(cap.word), cap.data, false);
}

void endpoint_call_op(struct thread *self, struct cap_view cap)
{
    if (message_check(self, word_rights(cap.word)))
        send(cpu_self(), self, word_object(cap.word), cap.data, true);
}

/* Takes the message of `from`, a sender that is off the queue. */
static void collect(struct cpu *cpu, struct thread *self, struct thread *from,
                    struct reply *reply)
{
    message_copy(from, self, from->badge);
    if (!from->calling) {
        thread_finish(from, OK);
        return;
    }
    if (!reply_open(reply, from)) {
        syscall_fail(self, ERR_GONE, 0);
        thread_finish(from, ERR_GONE);
        return;
    }
    sched_donate(cpu, from, self, reply);
    if (self->context != cpu->context) {
        /* It goes on, on its client's context. */
        cpu->reschedule = true;
        sched_enqueue(cpu, self->context);
    }
}

/* Delivers the bits of the bound notification as a message. */
static bool take_events(struct thread *self)
{
    uint64_t bits = notification_take(self->bound);

    if (!bits)
        return false;
    self->regs.rax = OK;
    self->regs.rdi = 0;
    self->regs.rsi = TAG(LABEL_NOTIFICATION, 1, 0);
    self->regs.rdx = bits;
    return true;
}

/* Queues the receiver; events that came meanwhile end it again. */
static void receive_wait(struct cpu *cpu, struct thread *self,
                         struct endpoint *endpoint, struct reply *reply)
{
    if (self->regs.r13 == DEADLINE_POLL)
        return (void)syscall_fail(self, ERR_TIMEOUT, 0);
    if (reply) {
        self->reply = reply;
        reply->holder = self;
    }
    self->state = THREAD_RECEIVING;
    if (self->regs.r13 != DEADLINE_NEVER)
        thread_deadline(cpu, self, self->regs.r13);
    if (self->context) {
        sched_dequeue(cpu, self->context);
        if (cpu->context == self->context)
            sched_leave(cpu);
    }
    self->endpoint = endpoint;
    queue_put(&endpoint->receivers, self);
}

/* The first sender whose message this receiver can take, or NULL. */
static struct thread *next_sender(struct endpoint *endpoint,
                                  struct reply *reply)
{
    struct thread *from = endpoint->senders;

    return from && from->calling && !reply ? NULL : from;
}

static void receive(struct cpu *cpu, struct thread *self,
                    struct endpoint *endpoint, struct reply *reply)
{
    bool structure = false;
    struct thread *from;

    if (self->bound && take_events(self))
        return;
    lock_acquire(&endpoint->lock);
    from = next_sender(endpoint, reply);
    if (from && from->sending_caps) {
        lock_release(&endpoint->lock);
        structure_lock();
        structure = true;
        lock_acquire(&endpoint->lock);
        from = next_sender(endpoint, reply);
    }
    if (endpoint->object.dying) {
        syscall_fail(self, ERR_GONE, 0);
        lock_release(&endpoint->lock);
    } else if (from) {
        queue_take(&endpoint->senders, from);
        lock_release(&endpoint->lock);
        collect(cpu, self, from, reply);
    } else if (endpoint->senders) {
        /* Only calls wait, and there is no Reply to take them. */
        syscall_fail(self, ERR_BUSY, 6);
        lock_release(&endpoint->lock);
    } else {
        receive_wait(cpu, self, endpoint, reply);
        lock_release(&endpoint->lock);
        if (self->bound && self->state == THREAD_RECEIVING)
            notification_recheck(self->bound);
    }
    if (structure)
        structure_unlock();
}

/* The Reply in r12, or NULL where there is none; false: an error was set. */
static bool find_reply(struct thread *self, struct reply **reply)
{
    uint64_t word = cap_view(self, self->regs.r12).word;

    *reply = NULL;
    if (word_type(word) == CAP_REPLY) {
        *reply = word_object(word);
        return true;
    }
    if (!self->regs.r12)
        return true;
    return syscall_fail(self, ERR_CAPABILITY, 6);
}

/* A receiver that still holds somebody's context gives it back: that caller
 * goes on waiting for its answer, on its own account. */
static void end_donation(struct cpu *cpu, struct thread *self)
{
    struct sched_context *context = self->context;

    if (context && context != self->own && context->chain) {
        sched_return(cpu, context->chain);
        if (cpu->context == context)
            sched_leave(cpu);
    }
}

void endpoint_receive_op(struct thread *self, struct cap_view cap)
{
    struct cpu *cpu = cpu_self();
    struct reply *reply;

    if (!find_reply(self, &reply))
        return;
    if (reply && (reply_caller(reply) || reply->holder || reply->context))
        return (void)syscall_fail(self, ERR_BUSY, 6);
    if (self->regs.rsi) {
        struct cap_view first;
        if (!notification_named(self, 1, self->regs.rsi, RIGHT_WRITE, &first))
            return;
        notification_signal(word_object(first.word), first.data);
    }
    end_donation(cpu, self);
    receive(cpu, self, word_object(cap.word), reply);
}

/* What the answer does to a thread that waits after a fault. */
static void resume_faulted(struct thread *self, struct thread *caller)
{
    if (TAG_LABEL(self->regs.rsi) == FAULT_RESUME)
        caller->faulted = false;
    thread_wake(caller); /* still faulted: stops it */
}

/* Answers the caller of `reply`. False: there is none. */
static bool answer(struct cpu *cpu, struct thread *self, struct reply *reply)
{
    struct thread *caller = reply_caller(reply);
    bool again = cpu->reschedule;

    if (!caller || !reply_take(reply, caller))
        return false;
    if (!caller->faulted)
        message_copy(self, caller, 0);
    caller->reply = NULL;
    if (reply->context) {
        if (reply->context->cpu != cpu->index) {
            caller->late = OK;
            remote_request(caller, REQUEST_FINISH);
            return true;
        }
        sched_return(cpu, reply);
    }
    if (caller->faulted) {
        resume_faulted(self, caller);
    } else if (caller->context && caller->context == cpu->context) {
        /* Same CPU, and the context came back with the answer. */
        cpu->reschedule = again;
        if (timer_is_set(&caller->timer))
            timer_cancel(&cpu->wheel, &caller->timer);
        caller->state = THREAD_READY;
        if (self->own)
            sched_enqueue(cpu, self->own);
    } else {
        thread_wake(caller);
    }
    return true;
}

static bool answer_with_caps(struct cpu *cpu, struct thread *self,
                             struct reply *reply)
{
    bool caps = TAG_CAPS(self->regs.rsi) != 0, answered;

    if (caps)
        structure_lock();
    answered = answer(cpu, self, reply);
    if (caps)
        structure_unlock();
    return answered;
}

void reply_receive_op(struct thread *self, struct cap_view cap)
{
    struct cpu *cpu = cpu_self();
    struct reply *reply;

    if (!message_check(self, RIGHT_GRANT) || !find_reply(self, &reply))
        return;
    if (!reply)
        return (void)syscall_fail(self, ERR_CAPABILITY, 6);
    if (reply->holder != NULL)
        return (void)syscall_fail(self, ERR_BUSY, 6);
    /* So that answering does not queue its own context. */
    self->state = THREAD_RECEIVING;
    if (reply_caller(reply))
        answer_with_caps(cpu, self, reply);
    self->state = THREAD_READY;
    end_donation(cpu, self);
    receive(cpu, self, word_object(cap.word), reply);
    if (self->state == THREAD_READY && self->context)
        sched_enqueue(cpu, self->context);
}

void reply_send_op(struct thread *self, struct cap_view cap)
{
    if (!message_check(self, RIGHT_GRANT))
        return;
    if (answer_with_caps(cpu_self(), self, word_object(cap.word)))
        self->regs.rax = OK;
    else
        syscall_fail(self, ERR_GONE, 0);
}

/* The short way for a fault; false: nothing has been done. */
static bool fast_fault(struct cpu *cpu, struct thread *self,
                       struct endpoint *endpoint, uint64_t badge)
{
    struct sched_context *context = cpu->context;
    struct thread *to;

    if (context->depth >= DONATION_DEPTH)
        return false;
    to = meet_receiver(cpu, self, context, endpoint);
    if (!to)
        return false;
    self->faulted = true;
    message_fault(self, to, badge);
    return true;
}

void endpoint_fault(struct cpu *cpu, struct thread *self)
{
    const struct cap *handler = &self->bindings[BIND_FAULT];
    uint64_t word = handler->word, rax = self->regs.rax;

    if (word_type(word) == CAP_ENDPOINT) {
        if (fast_fault(cpu, self, word_object(word), handler->data))
            return;
        self->faulted = true;
        send(cpu, self, word_object(word), handler->data, true);
        if (self->state != THREAD_READY)
            return;
        self->faulted = false;
        self->regs.rax = rax;
    }
    thread_stop_here(self);
}

bool reply_cancel(struct reply *reply, struct thread *caller)
{
    if (!reply_take(reply, caller))
        return false;
    caller->reply = NULL;
    return true;
}

/* Queued threads that one step wakes. */
#define DESTROY_BATCH 16

enum step endpoint_destroy_step(struct endpoint *endpoint)
{
    for (unsigned i = 0; i < DESTROY_BATCH; i++) {
        struct thread *thread, **queue;

        lock_acquire(&endpoint->lock);
        endpoint->object.dying = true;
        queue = endpoint->senders ? &endpoint->senders : &endpoint->receivers;
        thread = *queue;
        if (thread)
            queue_take(queue, thread);
        lock_release(&endpoint->lock);
        if (!thread)
            return STEP_DONE;
        if (thread->state == THREAD_RECEIVING)
            release_reply(thread);
        thread_finish(thread, ERR_GONE);
    }
    return STEP_AGAIN;
}

enum step reply_destroy_step(struct reply *reply)
{
    struct cpu *cpu = cpu_self();
    struct thread *caller =
        __atomic_exchange_n(&reply->caller, REPLY_DEAD, __ATOMIC_ACQ_REL);

    if (reply->holder) {
        reply->holder->reply = NULL;
        reply->holder = NULL;
    }
    if (caller && caller != REPLY_DEAD) {
        caller->reply = NULL;
        caller->late = ERR_GONE;
        remote_request(caller, REQUEST_FINISH);
    }
    if (!reply->context)
        return STEP_DONE;
    if (reply->context->cpu == cpu->index) {
        sched_return(cpu, reply);
        return STEP_DONE;
    }
    remote_request(reply->context->thread, REQUEST_RECALL);
    return STEP_AGAIN;
}
