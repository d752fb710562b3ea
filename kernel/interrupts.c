/*
 * Interrupts and exceptions that came in user mode or while idle: timers,
 * other CPUs' requests, devices, and faults of threads.
 */
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/vectors.h"
#include "kernel/device.h"
#include "kernel/endpoint.h"
#include "kernel/exit.h"
#include "kernel/notification.h"
#include "kernel/remote.h"
#include "kernel/syscall.h"

#define CONTAINER(type, member, pointer)                                       \
    ((type *)((char *)(pointer)-offsetof(type, member)))

static void expire(struct cpu *cpu, struct timer *timer)
{
    switch (timer->kind) {
    case TIMER_THREAD:
        thread_timeout(CONTAINER(struct thread, timer, timer));
        break;
    case TIMER_NOTIFICATION:
        notification_expire(CONTAINER(struct notification, timer, timer));
        break;
    case TIMER_BUDGET:
        sched_refill(cpu, CONTAINER(struct sched_context, refill, timer));
        break;
    case TIMER_IOMMU:
        device_resume_faults();
        break;
    }
}

static void timer_interrupt(struct cpu *cpu)
{
    uint64_t now = clock_tsc();
    unsigned budget = TIMER_BATCH;
    struct timer *timer;

    cpu->armed = ~0ul;
    while ((timer = timer_expired(&cpu->wheel, now, &budget)))
        expire(cpu, timer);
    if (now >= cpu->slice_end)
        cpu->reschedule = true;
    sched_arm(cpu);
}

static inline __attribute__((always_inline)) void interrupt(struct cpu *cpu,
                                                            uint64_t vector)
{
    if (vector - VECTOR_DEVICE_FIRST < DEVICE_VECTORS) {
        apic_eoi();
        interrupt_deliver(cpu, vector);
    } else if (vector > VECTOR_DEVICE_LAST && vector != VECTOR_SPURIOUS) {
        apic_eoi(); /* not for the others (Intel SDM 3A, 10.9) */
        if (vector == VECTOR_TIMER)
            timer_interrupt(cpu);
        else if (vector == VECTOR_IPI)
            remote_serve(cpu);
        else if (vector == VECTOR_IOMMU_FAULT)
            device_take_faults();
    }
}

static void exception(struct cpu *cpu, struct thread *self)
{
    uint64_t vector = self->regs.vector;

    self->fault_code = self->regs.error | vector << 32;
    if (vector == VECTOR_PAGE_FAULT) {
        self->fault_kind = FAULT_PAGE;
#ifndef MUTATION_fault_address
        self->fault_address = cr2_read();
#endif
    } else {
        self->fault_kind = FAULT_EXCEPTION;
        self->fault_address = 0;
    }
    endpoint_fault(cpu, self);
}

void interrupt_entry(struct thread *self)
{
    struct cpu *cpu = cpu_self();

    if (self->regs.vector < 32)
        exception(cpu, self);
    else
        interrupt(cpu, self->regs.vector);
    kernel_exit(cpu);
}

void idle_interrupt(uint64_t vector)
{
    struct cpu *cpu = cpu_self();

    remote_idle_end(cpu);
    interrupt(cpu, vector);
    kernel_exit(cpu);
}
