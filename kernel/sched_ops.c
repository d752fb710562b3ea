/* Operations on scheduling contexts. */
#include "kernel/sched.h"
#include "kernel/operations.h"

#define BUDGET_MIN_NS 10000ul
#define PERIOD_MAX_NS 10000000000ul

static uint64_t nanoseconds(uint64_t tsc)
{
    return clock_tsc_to_ns(clock_ns_to_tsc(0) + tsc);
}

void sched_configure_op(struct thread *self, struct cap *cap)
{
    const struct registers *r = &self->regs;
    struct cap *found = cap_find(self, r->rsi, CAP_SCHED_CONTEXT);
    struct sched_context *context;

    (void)cap;
    if (!found || !(cap_rights_of(found) & RIGHT_WRITE)) {
        syscall_fail(self, found ? ERR_RIGHTS : ERR_CAPABILITY, 1);
    } else if (r->rdx >= PRIORITIES) {
        syscall_argument(self, 2, 0, PRIORITIES - 1);
    } else if (r->r8 < BUDGET_MIN_NS || r->r8 > PERIOD_MAX_NS) {
        syscall_argument(self, 4, BUDGET_MIN_NS, PERIOD_MAX_NS);
    } else if (r->r10 < BUDGET_MIN_NS || r->r10 > r->r8) {
        syscall_argument(self, 3, BUDGET_MIN_NS, r->r8);
    } else if (r->r9 >= platform.cpu_count) {
        syscall_argument(self, 5, 0, platform.cpu_count - 1);
    } else {
        context = cap_object(found);
        if (!cap_is_empty(&context->binding))
            return (void)syscall_fail(self, ERR_BUSY, 1);
        context->priority = (uint8_t)r->rdx;
        context->budget = clock_cycles(r->r10);
        context->period = clock_cycles(r->r8);
        context->limited = r->r10 < r->r8;
        context->cpu = (uint8_t)r->r9;
        context->remaining = (int64_t)context->budget;
        context->period_end = clock_tsc() + context->period;
    }
}

void sched_bind_op(struct thread *self, struct cap *cap)
{
    struct sched_context *context = cap_object(cap);
    struct cap *found = cap_to_bind(self, self->regs.rsi, CAP_THREAD, 1);
    struct thread *thread;

    if (!found)
        return;
    thread = cap_object(found);
    if (!context->period || !cap_is_empty(&context->binding))
        return (void)syscall_fail(self, ERR_BUSY, 0);
    if (thread->own || thread->context || thread->cpu != context->cpu ||
        thread->state != THREAD_STOPPED)
        return (void)syscall_fail(self, ERR_BUSY, 1);
    cap_bind(found, &context->binding, &context->object, 0);
    thread->own = thread->context = context;
    context->thread = thread;
}

void sched_unbind_op(struct thread *self, struct cap *cap)
{
    if (sched_destroy_step(cap_object(cap)) == STEP_AGAIN)
        syscall_again(self, OP_SCHED_UNBIND);
}

void sched_info_op(struct thread *self, struct cap *cap)
{
    struct cpu *cpu = cpu_self();
    const struct sched_context *context = cap_object(cap);

    if (cpu->context == context)
        sched_charge(cpu);
    self->regs.rsi = nanoseconds(context->consumed);
    self->regs.rdx = nanoseconds(context->budget);
    self->regs.r10 = nanoseconds(context->period);
    self->regs.r8 = context->priority;
    self->regs.r9 = context->exhausted;
}
