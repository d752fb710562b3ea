/*
 * Starts the other CPUs, one after the other, with INIT and start-up messages.
 * Each claims the index in ap_slot, sets itself up like the first CPU, and
 * leaves for the kernel, which says that it is there and waits. One that does
 * not answer in time is reset and left out; if it wakes up later it finds the
 * slot empty and parks. Source: Intel SDM 3A, 8.4.
 */
#include "boot/arch/x86_64/apic_start.h"
#include "boot/arch/x86_64/cpu_features.h"
#include "boot/arch/x86_64/cpu_setup.h"
#include "boot/arch/x86_64/descriptors.h"
#include "boot/arch/x86_64/steps.h"
#include "boot/print.h"
#include "kernel/arch/x86_64/apic.h"
#include "kernel/cpu.h"

#define INIT_WAIT_US    10000
#define STARTUP_WAIT_US 200
#define ARRIVE_WAIT_NS  2000000000ul

extern const char trampoline_start[], trampoline_end[];

int32_t ap_slot = -1; /* index for the CPU that wakes up next; boot.S */

void cpu_init(unsigned index)
{
    struct cpu *cpu = &cpus[index];

    descriptors_load(&cpu->arch, index);
    cpu->self = cpu;
    cpu->index = index;
    cpu->stack_top = cpu->arch.stack_top;
    msr_write(MSR_GS_BASE, (uint64_t)cpu);
    msr_write(MSR_KERNEL_GS, 0);
    cpu_registers_init();
    fpu_cpu_init();
}

void ap_main(unsigned index)
{
    cpu_registers_init(); /* the final tables need NX */
    paging_cpu_init();
    cpu_init(index);
    apic_cpu_init();
    cpus[index].arch.apic_id = apic_own_id();
    kernel_cpu_main(&cpus[index]);
}

static bool wait_for(unsigned index, uint64_t ns)
{
    uint64_t end = clock_tsc_to_ns(tsc_read()) + ns;

    while (clock_tsc_to_ns(tsc_read()) < end) {
        if (__atomic_load_n(&kernel_arrived, __ATOMIC_ACQUIRE) == index)
            return true;
        cpu_relax();
    }
    return false;
}

static bool start_cpu(uint32_t apic_id, unsigned index, uint8_t page)
{
    __atomic_store_n(&ap_slot, (int32_t)index, __ATOMIC_RELEASE);
    apic_send_startup(apic_id, page);
    if (wait_for(index, STARTUP_WAIT_US * 1000))
        return true;
    apic_send_startup(apic_id, page);
    if (wait_for(index, ARRIVE_WAIT_NS))
        return true;
    __atomic_store_n(&ap_slot, -1, __ATOMIC_RELEASE);
    apic_send_init(apic_id);
    kprintf("cordon: CPU with APIC ID %u does not start: left out\n", apic_id);
    return false;
}

/* CPUs that can be started, without this one; returns how many. */
static unsigned choose(const struct acpi_info *acpi, uint32_t *ids)
{
    uint32_t own = apic_own_id();
    unsigned n = 0, left_out = acpi->cpus_left_out;

    for (unsigned i = 0; i < acpi->cpu_count; i++) {
        uint32_t id = acpi->cpus[i].apic_id;

        if (id == own)
            continue;
        if (n == MAX_CPUS - 1 || (id > 254 && !apic_x2))
            left_out++;
        else
            ids[n++] = id;
    }
    if (left_out)
        kprintf("cordon: %u CPUs more than the %u that the kernel uses stay "
                "off\n",
                left_out, n + 1);
    return n;
}

void smp_start(const struct acpi_info *acpi)
{
    uint32_t ids[MAX_CPUS];
    unsigned n = choose(acpi, ids);
    paddr_t low = memory_low_page();

    platform.cpu_count = 1;
    platform.apic_ids[0] = cpus[0].arch.apic_id = apic_own_id();
    if (n > 0 && low.v == 0) {
        kprintf("cordon: no free page below 640 KiB: one CPU only\n");
        return;
    }
    __builtin_memcpy(phys_to_virt(low), trampoline_start,
                     (size_t)(trampoline_end - trampoline_start));
    for (unsigned i = 0; i < n; i++)
        apic_send_init(ids[i]);
    if (n > 0)
        clock_spin_us(INIT_WAIT_US);
    for (unsigned i = 0; i < n; i++) {
        unsigned index = platform.cpu_count;
        if (start_cpu(ids[i], index, (uint8_t)(low.v >> PAGE_BITS)))
            platform.apic_ids[platform.cpu_count++] = ids[i];
    }
}
