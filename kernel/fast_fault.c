/*
 * Faults by the short way: see fastpath.h. In a file of its own because it
 * returns: fastpath.c is compiled without registers that a caller keeps.
 */
#include "kernel/fastpath.h"
#include "kernel/meet.h"
#include "kernel/message.h"

bool fast_fault(struct cpu *cpu, struct thread *self, struct endpoint *endpoint,
                uint64_t badge)
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
