/*
 * Where each CPU enters the kernel, once, out of boot/. When the last has
 * left boot/ its pages become ordinary RAM: the first process already holds
 * the Untyped, but nothing runs in user mode before every CPU has flushed the
 * old mappings. From here on the kernel never speaks (R6).
 */
#include "kernel/leave_boot.h"
#include "kernel/panic.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"

struct cpu cpus[MAX_CPUS];
uint64_t idt[256][2] __attribute__((aligned(PAGE_SIZE)));
uint8_t cpu_stacks[MAX_CPUS][STACK_SIZE] __attribute__((aligned(STACK_SIZE)));
uint8_t ist_stacks[MAX_CPUS][IST_STACKS][IST_SIZE] __attribute__((aligned(16)));
struct platform platform;
uint32_t kernel_arrived;

static bool released;

/* Nothing is armed, nothing runs. */
_Noreturn static void cpu_start(struct cpu *cpu)
{
    cpu->armed = cpu->slice_end = ~0ul;
    timer_wheel_init(&cpu->wheel);
    cpu->charged = clock_tsc();
    cpu->reschedule = true;
    kernel_leave(kernel_start_thread(cpu));
}

void kernel_main(struct boot_pages boot)
{
    leave_boot(boot);
    tlb_flush_all();
    __atomic_store_n(&released, true, __ATOMIC_RELEASE);
    for (uint32_t i = 1; i < platform.cpu_count; i++)
        while (!__atomic_load_n(&cpus[i].online, __ATOMIC_ACQUIRE))
            cpu_relax();
    panic_silence();
    cpu_start(cpu_self());
}

void kernel_cpu_main(struct cpu *self)
{
    __atomic_store_n(&kernel_arrived, self->index, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&released, __ATOMIC_ACQUIRE))
        cpu_relax();
    tlb_flush_all();
    __atomic_store_n(&self->online, true, __ATOMIC_RELEASE);
    cpu_start(self);
}
