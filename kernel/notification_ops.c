/* Operations on notifications that change how they are wired. */
#include "kernel/notification.h"
#include "kernel/sched.h"
#include "kernel/operations.h"

#define PERIOD_MIN_NS 10000ul

void notification_bind_op(struct thread *self, struct cap *cap)
{
    struct notification *notification = cap_object(cap);
    struct cap *found;
    struct thread *thread;

    if (!self->regs.rsi)
        return notification_unbind(notification);
    found = cap_to_bind(self, self->regs.rsi, CAP_THREAD, 1);
    if (!found)
        return;
    thread = cap_object(found);
    if (thread->bound || !cap_is_empty(&notification->binding))
        return (void)syscall_fail(self, ERR_BUSY, thread->bound ? 1 : 0);
    cap_bind(found, &notification->binding, &notification->object, 0);
    notification->bound = thread;
    __atomic_store_n(&thread->bound, notification, __ATOMIC_RELEASE);
}

void notification_timer_op(struct thread *self, struct cap *cap)
{
    struct cpu *cpu = cpu_self();
    struct notification *notification = cap_object(cap);
    uint64_t deadline = self->regs.rsi, period = self->regs.rdx;

    if (period && period < PERIOD_MIN_NS)
        return (void)syscall_argument(self, 2, PERIOD_MIN_NS, ~0ul);
    if (notification->object.dying)
        return (void)syscall_fail(self, ERR_GONE, 0);
    lock_acquire(&notification->lock); /* it may be expiring right now */
    timer_cancel(&cpus[notification->timer_cpu].wheel, &notification->timer);
    notification->timer_unseen = false;
    notification->timer_cpu = (uint8_t)cpu->index;
    notification->timer_bits = self->regs.r10;
    notification->timer_deadline = clock_ns_to_tsc(deadline);
    notification->timer_period = deadline && period ? clock_cycles(period) : 0;
    if (deadline)
        timer_set(&cpu->wheel, &notification->timer,
                  notification->timer_deadline);
    lock_release(&notification->lock);
    sched_arm(cpu);
}
