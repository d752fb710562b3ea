/*
 * Start of the machine in C, on the first CPU: one step after the other, each
 * in a file of its own. What the kernel needs to know ends up in `platform`,
 * the rest in `machine`, which goes with boot/ when kernel_main() is called.
 */
#include "boot/arch/x86_64/apic_start.h"
#include "boot/arch/x86_64/calibrate.h"
#include "boot/arch/x86_64/console.h"
#include "boot/arch/x86_64/cpu_features.h"
#include "boot/arch/x86_64/descriptors.h"
#include "boot/arch/x86_64/pic.h"
#include "boot/arch/x86_64/steps.h"
#include "boot/first_process.h"
#include "boot/iommu.h"
#include "boot/print.h"
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/vectors.h"
#include "kernel/sched.h"

#define EARLY_END 0x100000000ul /* what the early tables map */

struct machine machine;

static struct boot_data boot_data;

static void read_boot_data(uint32_t magic, uint32_t info)
{
    if (magic != MULTIBOOT2_MAGIC)
        boot_fail("not started by a Multiboot2 loader (magic %08x)", magic);
    const char *error = multiboot2_read(phys_to_virt((paddr_t){info}),
                                        EARLY_END - info, &boot_data);
    if (error)
        boot_fail("%s", error);
    if (boot_data.dropped)
        kprintf("cordon: %u entries of the boot loader's do not fit or make "
                "no sense: left out\n",
                boot_data.dropped);
}

static const void *early_map(paddr_t address, size_t size)
{
    if (address.v == 0 || address.v >= EARLY_END ||
        size > EARLY_END - address.v)
        return NULL;
    return phys_to_virt(address);
}

/* Tables lie in memory that is not mapped later: keep what is needed. */
static void keep_dmar(struct acpi_info *acpi)
{
    if (!acpi->dmar)
        return;
    size_t pages = (acpi->dmar_size + PAGE_SIZE - 1) >> PAGE_BITS;
    void *copy = phys_to_virt(boot_alloc_pages(pages, PAGE_SIZE));
    __builtin_memcpy(copy, acpi->dmar, acpi->dmar_size);
    acpi->dmar = copy;
}

static void read_acpi(struct acpi_info *acpi)
{
    uint32_t broken = 0;
    const char *error = acpi_read(boot_data.rsdp, boot_data.rsdp_size,
                                  early_map, acpi, &broken);

    if (error)
        kprintf("cordon: %s: one CPU, no devices\n", error);
    if (broken)
        kprintf("cordon: ACPI table %c%c%c%c is malformed: left out\n",
                (char)broken, (char)(broken >> 8), (char)(broken >> 16),
                (char)(broken >> 24));
    keep_dmar(acpi);
}

/* R1: before anything else could start a device. Interrupts must be able to
 * reach the local APICs, so the IOMMU decides on their mode. */
static void start_iommu(const struct acpi_info *acpi)
{
    struct iommu_boot boot = {
        .table = acpi->dmar,
        .table_size = acpi->dmar_size,
        .x2apic = cpu_features.x2apic,
        .fault_apic_id = apic_own_id(),
        .fault_vector = VECTOR_IOMMU_FAULT,
    };

    bool isolation = iommu_init(&boot);
    machine.no_isolation = iommu_reason();
    apic_choose(cpu_features.x2apic && (!isolation || iommu_x2apic()));
}

static void report(void)
{
    kprintf("cordon: %s, %lu MiB, %u CPU%s, %lu MHz, %s\n", cpu_features.name,
            machine.ram_bytes >> 20, platform.cpu_count,
            platform.cpu_count == 1 ? "" : "s", platform.clock.tsc_hz / 1000000,
            apic_x2 ? "x2APIC" : "xAPIC");
    if (machine.no_isolation)
        kprintf("cordon: no device can be used: %s\n", machine.no_isolation);
    else
        kprintf("cordon: IOMMU and interrupt remapping are on, nothing is "
                "mapped\n");
}

void boot_main(uint32_t magic, uint32_t info)
{
    const struct acpi_info *acpi = &machine.acpi;

    console_init();
    cpu_features_detect();
    platform.page_1g = cpu_features.page_1g;
    platform.pcid = cpu_features.pcid;
    read_boot_data(magic, info);
    memory_init(&boot_data);
    read_acpi(&machine.acpi);

    idt_init();
    cpu_registers_init(); /* NX, for the final tables */
    fpu_detect();
    cpu_init(0);
    paging_init();

    pic_disable();
    clock_init(acpi);
    apic_init();
    ioapic_init(acpi);
    start_iommu(acpi);
    smp_start(acpi);

    sched_init();
    first_process_make();
    memory_finish(acpi);
    report();
    first_process_start();
    kernel_main(paging_boot_pages());
}
