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
#include "kernel/panic.h"
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

static void interrupt(struct cpu *cpu, uint64_t vector)
{
    if (vector == VECTOR_SPURIOUS || vector < VECTOR_DEVICE_FIRST)
        return; /* no end-of-interrupt (Intel SDM 3A, 10.9) */
    apic_eoi();
    switch (vector) {
    case VECTOR_TIMER:
        timer_interrupt(cpu);
        break;
    case VECTOR_IPI:
        remote_serve(cpu);
        break;
    case VECTOR_IOMMU_FAULT:
        device_take_faults();
        break;
    default:
        if (vector <= VECTOR_DEVICE_LAST)
            interrupt_deliver(cpu, (uint8_t)vector);
    }
}

static void exception(struct cpu *cpu, struct thread *self)
{
    uint64_t vector = self->regs.vector;

    self->fault_code = self->regs.error | vector << 32;
    if (vector == VECTOR_PAGE_FAULT) {
        self->fault_kind = FAULT_PAGE;
        self->fault_address = cr2_read();
    } else {
        self->fault_kind = FAULT_EXCEPTION;
        self->fault_address = 0;
    }
    endpoint_fault(cpu, self);
}

struct thread *interrupt_entry(struct thread *self)
{
    struct cpu *cpu = cpu_self();

    if (self->regs.vector < 32)
        exception(cpu, self);
    else
        interrupt(cpu, self->regs.vector);
    return kernel_exit(cpu);
}

struct thread *idle_interrupt(uint64_t vector)
{
    struct cpu *cpu = cpu_self();

    remote_idle_end(cpu);
    interrupt(cpu, vector);
    return kernel_exit(cpu);
}

/* An exception in the kernel itself, a machine check or an NMI. */
void kernel_exception(uint64_t vector, const uint64_t *frame)
{
    if (vector == VECTOR_NMI && !panic_under_way())
        return;
    panic("cordon: exception in the kernel: vector, error, ip, sp, cr2",
          (uint64_t[]){vector, frame[0], frame[1], frame[4], cr2_read()}, 5);
}
