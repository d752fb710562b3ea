/*
 * Where each CPU enters the kernel, once, out of boot/. When the last has
 * left boot/ its pages become ordinary RAM: the first process already holds
 * the Untyped, but nothing runs in user mode before every CPU has flushed the
 * old mappings. From here on the kernel never speaks (R6).
 */
#include "kernel/arch/x86_64/apic.h"
#include "kernel/exit.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"

#define PTE_WRITE (1ul << 1)
#define CR4_PGE   (1ul << 7)

struct cpu cpus[MAX_CPUS];
uint64_t idt[256][2] __attribute__((aligned(PAGE_SIZE)));
uint8_t cpu_stacks[MAX_CPUS][STACK_SIZE] __attribute__((aligned(STACK_SIZE)));
uint8_t ist_stacks[MAX_CPUS][IST_STACKS][IST_SIZE] __attribute__((aligned(16)));
struct platform platform;
/* What boot/ found out about the local APICs. */
bool apic_x2, apic_deadline;
volatile uint32_t *apic_registers;
uint64_t apic_timer_mult;
uint32_t kernel_arrived;

static bool released;

/* Takes boot/ out of the image; in the direct map, where it is present and not
 * executable, it becomes ordinary RAM. Then every CPU flushes. */
static void boot_leave(struct boot_pages boot)
{
    for (uint64_t i = 0; i < boot.count; i++) {
        boot.image[i] = 0;
        boot.direct[i] |= PTE_WRITE;
    }
}

/* Global entries, too (Intel SDM 3A, 4.10.4.1). */
static void tlb_flush_all(void)
{
    uint64_t cr4 = cr4_read();

    cr4_write(cr4 & ~CR4_PGE);
    cr4_write(cr4);
}

/* Nothing is armed, nothing runs. */
static _Noreturn void cpu_start(struct cpu *cpu)
{
    cpu->armed = cpu->slice_end = ~0ul;
    timer_wheel_init(&cpu->wheel);
    cpu->charged = clock_tsc();
    cpu->reschedule = true;
    kernel_exit(cpu);
}

void kernel_main(struct boot_pages boot)
{
    boot_leave(boot);
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
