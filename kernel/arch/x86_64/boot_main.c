/*
 * Start of the machine in C, on the first CPU: one step after the other, each
 * in a file of its own. What the kernel learns on the way ends up in
 * `platform`. Nothing here runs again once kernel_main() has been called.
 */
#include "iommu/iommu.h"
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/clock.h"
#include "kernel/arch/x86_64/console.h"
#include "kernel/arch/x86_64/cpu_features.h"
#include "kernel/arch/x86_64/descriptors.h"
#include "kernel/arch/x86_64/fpu.h"
#include "kernel/arch/x86_64/ioapic.h"
#include "kernel/arch/x86_64/machine.h"
#include "kernel/arch/x86_64/pic.h"
#include "kernel/arch/x86_64/vectors.h"
#include "kernel/print.h"

#define EARLY_END 0x100000000ul /* what the early tables map */

struct platform platform;

static struct boot_data boot_data;

static void read_boot_data(uint32_t magic, uint32_t info)
{
    if (magic != MULTIBOOT2_MAGIC)
        panic("not started by a Multiboot2 loader (magic %08x)", magic);
    const char *error = multiboot2_read(phys_to_virt((paddr_t){info}),
                                        EARLY_END - info, &boot_data);
    if (error)
        panic("%s", error);
    if (boot_data.dropped)
        kprintf("cordon: %u entries of the boot loader's do not fit or make "
                "no sense: left out\n",
                boot_data.dropped);
    __builtin_memcpy(platform.cmdline, boot_data.cmdline,
                     sizeof(platform.cmdline));
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

    platform.isolation = iommu_init(&boot);
    apic_choose(cpu_features.x2apic && (!platform.isolation || iommu_x2apic()));
    platform.x2apic = apic_x2;
    const char *reason = iommu_reason();
    for (unsigned i = 0; i + 1 < sizeof(platform.isolation_reason) &&
                         (platform.isolation_reason[i] = reason[i]);
         i++)
        ;
}

static void report(void)
{
    kprintf("cordon: %s, %lu MiB, %u CPU%s, %lu MHz, %s\n", platform.cpu_name,
            platform.ram_bytes >> 20, platform.cpu_count,
            platform.cpu_count == 1 ? "" : "s", platform.clock.tsc_hz / 1000000,
            apic_x2 ? "x2APIC" : "xAPIC");
    if (platform.isolation)
        kprintf("cordon: IOMMU and interrupt remapping are on, nothing is "
                "mapped\n");
    else
        kprintf("cordon: no device can be used: %s\n",
                platform.isolation_reason);
}

void boot_main(uint32_t magic, uint32_t info)
{
    console_init();
    cpu_features_detect();
    __builtin_memcpy(platform.cpu_name, cpu_features.name,
                     sizeof(platform.cpu_name));
    read_boot_data(magic, info);
    memory_init(&boot_data);
    read_acpi(&platform.acpi);

    idt_init();
    cpu_registers_init(); /* NX, for the final tables */
    fpu_detect();
    platform.fpu_area_size = fpu_area_bytes;
    cpu_init(0);
    paging_init();

    pic_disable();
    clock_init(&platform.acpi);
    apic_init();
    ioapic_init(&platform.acpi);
    start_iommu(&platform.acpi);
    smp_start(&platform.acpi);
    paging_drop_early();

    kernel_prepare(&platform);
    memory_finish(&platform.acpi);
    report();
    kernel_main(&platform);
}
