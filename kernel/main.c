/*
 * Start of the generic kernel: what RAM, device memory and modules there are
 * becomes Untyped in the first process's table; then user mode runs, and the
 * kernel never speaks again (R6).
 */
#include "kernel/first_process.h"
#include "kernel/print.h"
#include "kernel/remote.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"

struct cpu cpus[MAX_CPUS];

/* Nothing is armed, nothing runs. */
static void cpu_ready(struct cpu *cpu)
{
    cpu->armed = cpu->slice_end = ~0ul;
    timer_wheel_init(&cpu->wheel);
    cpu->charged = clock_tsc();
    cpu->reschedule = true;
    cpu->online = true;
}

void kernel_prepare(const struct platform *machine)
{
    sched_init();
    first_process_make(machine);
}

void kernel_main(struct platform *machine)
{
    struct cpu *cpu = cpu_self();

    cpu_ready(cpu);
    first_process_start(machine);
    console_silence();
    platform_release_cpus();
    kernel_leave(kernel_start_thread(cpu));
}

void kernel_cpu_main(struct cpu *self)
{
    cpu_ready(self);
    kernel_leave(kernel_start_thread(self));
}
