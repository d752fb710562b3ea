/* Notifications: see notification.h. */
#include "kernel/notification.h"
#include "kernel/endpoint.h"
#include "kernel/queue.h"
#include "kernel/remote.h"
#include "kernel/operations.h"

/* Waiters that one step of destruction wakes. */
#define DESTROY_BATCH 16

/*
 * A periodic timer goes on once its bits have been taken: what nobody sees
 * costs nothing, and what somebody takes is on his budget (R7). Periods that
 * have passed meanwhile are not made up for.
 */
static __attribute__((noinline)) void timer_go_on(struct notification *n)
{
    struct cpu *cpu = cpu_self();
    uint64_t now = clock_tsc();

    n->timer_unseen = false;
    if (n->object.dying)
        return;
    n->timer_deadline += n->timer_period;
    if (n->timer_deadline <= now)
        n->timer_deadline = now + n->timer_period;
    n->timer_cpu = (uint8_t)cpu->index;
    timer_set(&cpu->wheel, &n->timer, n->timer_deadline);
    sched_arm(cpu);
}

/* All bits, with the lock held. */
static inline uint64_t bits_take(struct notification *notification)
{
    uint64_t bits = notification->bits;

    notification->bits = 0;
    if (unlikely(notification->timer_unseen))
        timer_go_on(notification);
    return bits;
}

uint64_t notification_take(struct notification *notification)
{
    uint64_t bits;

    if (!notification->bits)
        return 0;
    lock_acquire(&notification->lock);
    bits = bits_take(notification);
    lock_release(&notification->lock);
    return bits;
}

/* Ends the receive of the bound thread, if it is in one. */
static __attribute__((noinline)) void
wake_bound(struct notification *notification, struct thread *bound)
{
    uint64_t bits;

    if (!endpoint_cancel(bound, THREAD_RECEIVING))
        return;
    bits = notification_take(notification);
    bound->regs.rdi = 0;
    bound->regs.rsi = TAG(LABEL_NOTIFICATION, 1, 0);
    bound->regs.rdx = bits;
    thread_finish(bound, OK);
}

void notification_signal(struct notification *notification, uint64_t bits)
{
    struct thread *waiter, *bound;

    lock_acquire(&notification->lock);
    notification->bits |= bits ? bits : 1;
    waiter = notification->head;
    if (waiter) {
        queue_take(&notification->head, waiter);
        waiter->regs.rsi = bits_take(notification);
    }
    bound = notification->bound;
    lock_release(&notification->lock);
    if (waiter)
        thread_finish(waiter, OK);
    else if (bound)
        wake_bound(notification, bound);
}

void notification_recheck(struct notification *notification)
{
    bool pending;

    /* The lock orders this after the thread's own queueing. */
    lock_acquire(&notification->lock);
    pending = notification->bits != 0;
    lock_release(&notification->lock);
    if (pending && notification->bound)
        wake_bound(notification, notification->bound);
}

bool notification_cancel(struct thread *thread)
{
    struct notification *notification = thread->waits_for;
    bool was_queued;

    lock_acquire(&notification->lock);
    was_queued = thread->queued;
    if (was_queued)
        queue_take(&notification->head, thread);
    lock_release(&notification->lock);
    return was_queued;
}

void notification_expire(struct notification *notification)
{
    lock_acquire(&notification->lock);
    /* Another CPU may have set it anew since it expired. */
    notification->timer_unseen =
        notification->timer_period && !timer_is_set(&notification->timer);
#ifdef MUTATION_unseen_timers
    if (notification->timer_unseen)
        timer_go_on(notification);
#endif
    lock_release(&notification->lock);
    notification_signal(notification, notification->timer_bits);
}

void notification_signal_op(struct thread *self, struct cap_view cap)
{
    struct notification *notification = word_object(cap.word);

    if (notification->object.dying)
        syscall_fail(self, ERR_GONE, 0);
    else
        notification_signal(notification, cap.data);
}

bool notification_named(struct thread *self, uint64_t arg, cap_t slot,
                        unsigned right, struct cap_view *found)
{
    struct object *object;

    *found = cap_view(self, slot);
    object = word_object(found->word);
    if (word_type(found->word) != CAP_NOTIFICATION)
        return syscall_fail(self, ERR_CAPABILITY, arg);
    if (!(word_rights(found->word) & right))
        return syscall_fail(self, ERR_RIGHTS, arg);
    return !object->dying || syscall_fail(self, ERR_GONE, arg);
}

static void wait(struct thread *self, struct notification *notification,
                 uint64_t deadline)
{
    lock_acquire(&notification->lock);
    if (notification->object.dying) {
        syscall_fail(self, ERR_GONE, 0);
    } else if (notification->bits) {
        self->regs.rsi = bits_take(notification);
    } else if (deadline == DEADLINE_POLL) {
        syscall_fail(self, ERR_TIMEOUT, 0);
    } else {
        thread_block(cpu_self(), self, THREAD_WAITING, deadline);
        self->waits_for = notification;
        queue_put(&notification->head, self);
    }
    lock_release(&notification->lock);
}

void notification_wait_op(struct thread *self, struct cap_view cap)
{
    wait(self, word_object(cap.word), self->regs.rsi);
}

void notification_signal_wait_op(struct thread *self, struct cap_view cap)
{
    struct cap_view other;

    if (!notification_named(self, 1, self->regs.rsi, RIGHT_READ, &other))
        return;
    notification_signal_op(self, cap);
    if (self->regs.rax == OK)
        wait(self, word_object(other.word), self->regs.rdx);
}

enum step notification_binding_lost(struct notification *notification)
{
    struct thread *thread = cap_object(&notification->binding);

    lock_acquire(&notification->lock);
    notification->bound = NULL;
    lock_release(&notification->lock);
    if (thread->bound == notification)
        thread->bound = NULL;
    return STEP_DONE;
}

void notification_unbind(struct notification *notification)
{
    if (!cap_is_empty(&notification->binding))
        notification_binding_lost(notification);
    cap_remove(&notification->binding);
}

enum step notification_destroy_step(struct notification *notification)
{
    for (unsigned i = 0; i < DESTROY_BATCH; i++) {
        struct thread *thread;

        lock_acquire(&notification->lock);
        notification->object.dying = true;
        thread = notification->head;
        if (thread)
            queue_take(&notification->head, thread);
        lock_release(&notification->lock);
        if (thread) {
            thread_finish(thread, ERR_GONE);
            continue;
        }
        timer_cancel(&cpus[notification->timer_cpu].wheel,
                     &notification->timer);
        notification_unbind(notification);
        return STEP_DONE;
    }
    return STEP_AGAIN;
}
