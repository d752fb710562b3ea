/*
 * Who owns which physical address. RAM that the firmware calls free, minus the
 * kernel, the modules, the first MiB and what boot took, becomes Untyped RAM.
 * Address space without RAM in it becomes device Untyped. What is neither
 * (firmware's memory, the kernel's registers, the interrupt address range) no
 * capability ever covers.
 */
#include "boot/arch/x86_64/cpu_features.h"
#include "boot/arch/x86_64/steps.h"
#include "boot/print.h"
#include "kernel/arch/x86_64/layout.h"

#define LOW_END          0x100000ul /* firmware's and PC legacies' first MiB */
#define LOW_RAM_END      0xa0000ul
#define BOOT_ALLOC_LIMIT 0x100000000ul /* what the early tables map */

/* Writes here are interrupts, not memory (Intel SDM 3A, 10.11.1). */
#define MSI_START 0xfee00000ul
#define MSI_END   0xfef00000ul

#define MAX_ALL 128

static struct phys_range all_entries[MAX_ALL], busy_entries[MAX_FORBIDDEN];
static struct range_set free_ram = {machine.ram, 0, MAX_RAM_RANGES};
static struct range_set all_ram = {all_entries, 0, MAX_ALL};
static struct range_set forbidden = {busy_entries, 0, MAX_FORBIDDEN};
/* Reserved by the firmware: no RAM of ours, but maybe PCI's registers. */
static struct phys_range reserved_entries[MAX_ALL];
static struct range_set reserved = {reserved_entries, 0, MAX_ALL};
static uint64_t low_page;
static bool finished;

extern char image_start[], image_end[];

static void forbid(uint64_t start, uint64_t end)
{
    if (!range_add_touched(&forbidden, start, end))
        boot_fail("more than %u ranges of memory to protect", MAX_FORBIDDEN);
}

void memory_forbid(paddr_t start, uint64_t size)
{
    forbid(start.v, start.v + size);
}

/* Firmware may describe a page twice; then what is not free wins. */
static void sort_map(const struct boot_data *boot)
{
    uint64_t limit = 1ul << DIRECT_BITS;

    for (unsigned i = 0; i < boot->memory_count; i++) {
        const struct memory_region *m = &boot->memory[i];
        uint64_t end = m->end < limit ? m->end : limit;

        if (m->kind == MEMORY_FREE)
            range_add_inside(&all_ram, m->start, end);
    }
    for (unsigned i = 0; i < boot->memory_count; i++) {
        const struct memory_region *m = &boot->memory[i];

        if (m->kind == MEMORY_FREE)
            continue;
        range_remove(&all_ram, m->start, m->end);
        if (!range_add_touched(&reserved, m->start, m->end))
            boot_fail("the firmware reserves more than %u ranges", MAX_ALL);
    }
    for (unsigned i = 0; i < all_ram.count; i++) {
        uint64_t start = all_ram.ranges[i].start.v;
        uint64_t end = all_ram.ranges[i].end.v;

        machine.ram_bytes += end - start;
        range_add_inside(&free_ram, start, end);
    }
}

/* What the boot loader filled is RAM, even where it calls its own memory
 * reserved, as GRUB does under UEFI. */
static void add_loaded(const struct boot_data *boot)
{
    range_add_touched(&all_ram, KERNEL_LOAD, image_to_phys(image_end).v);
    for (unsigned i = 0; i < boot->module_count; i++) {
        uint64_t start = boot->modules[i].base.v;
        range_add_touched(&all_ram, start, start + boot->modules[i].size);
    }
}

/* A page for the other CPUs' first instructions, then no more low memory. */
static void take_low_memory(void)
{
    range_remove(&free_ram, 0, PAGE_SIZE);
    if (!range_take(&free_ram, PAGE_SIZE, PAGE_SIZE, LOW_RAM_END, &low_page))
        low_page = 0;
    range_remove(&free_ram, 0, LOW_END);
}

/* Whether a module lies in RAM and shares it with nothing. */
static bool module_sound(const struct boot_data *boot, unsigned n)
{
    uint64_t start = boot->modules[n].base.v;
    uint64_t end = start + boot->modules[n].size;

    if (start == 0 || !range_covers(&all_ram, start, end) ||
        (start < image_to_phys(image_end).v && end > KERNEL_LOAD))
        return false;
    for (unsigned i = 0; i < n; i++) {
        const struct module *m = &boot->modules[i];
        if (start < m->base.v + m->size && m->base.v < end)
            return false;
    }
    return true;
}

/* A module that the boot loader put into the first MiB moves above it. */
static void module_lift(struct module *m)
{
    uint64_t start = 0, pages = m->size + PAGE_SIZE - 1;

    if (m->base.v >= LOW_END)
        return;
    pages &= ~(PAGE_SIZE - 1);
    if (!range_take(&free_ram, pages, PAGE_SIZE, BOOT_ALLOC_LIMIT, &start) ||
        start < LOW_END)
        boot_fail("too little memory for module %s: %lu bytes", m->name,
                  m->size);
    __builtin_memcpy(phys_to_virt((paddr_t){start}), phys_to_virt(m->base),
                     m->size);
    m->base.v = start;
}

/* Keeps the modules and clears their last pages' tails (R11). */
static void keep_modules(const struct boot_data *boot)
{
    for (unsigned i = 0; i < boot->module_count; i++) {
        const struct module *m = &boot->modules[i];

        range_remove(&free_ram, m->base.v, m->base.v + m->size);
        if (module_sound(boot, i))
            machine.modules[machine.module_count++] = *m;
        else
            kprintf("cordon: module %s (%lx, %lu bytes) is not in memory of "
                    "its own: ignored\n",
                    m->name, m->base.v, m->size);
    }
    for (unsigned i = 0; i < machine.module_count; i++) {
        struct module *m = &machine.modules[i];

        module_lift(m);
        uint64_t end = m->base.v + m->size;
        __builtin_memset(phys_to_virt((paddr_t){end}), 0,
                         -end & (PAGE_SIZE - 1));
    }
}

void memory_init(const struct boot_data *boot)
{
    sort_map(boot);
    add_loaded(boot);
    range_remove(&free_ram, KERNEL_LOAD, image_to_phys(image_end).v);
    keep_modules(boot);
    take_low_memory();
    forbid(0, LOW_END);
    forbid(KERNEL_LOAD, image_to_phys(image_end).v);
    forbid(MSI_START, MSI_END);
}

paddr_t memory_low_page(void)
{
    return (paddr_t){low_page};
}

const struct range_set *memory_all_ram(void)
{
    return &all_ram;
}

paddr_t boot_alloc_pages(size_t n, uint64_t align)
{
    uint64_t start = 0, size = n * PAGE_SIZE;

    if (finished)
        boot_fail("boot_alloc_pages after start");
    if (!range_take(&free_ram, size, align, BOOT_ALLOC_LIMIT, &start))
        boot_fail("too little memory: %lu KiB wanted for start", size >> 10);
    forbid(start, start + size);
    __builtin_memset(phys_to_virt((paddr_t){start}), 0, size);
    return (paddr_t){start};
}

/* Everything below the CPU's physical limit that is not RAM of any kind.
 * PCI's configuration space is given although firmware marks it reserved. */
static void find_devices(const struct acpi_info *acpi)
{
    struct range_set device = {machine.device, 0, MAX_DEVICE_RANGES};
    unsigned bits = cpu_features.phys_bits;
    uint64_t limit = 1ul << (bits < DIRECT_BITS ? bits : DIRECT_BITS);

    range_add_inside(&device, 0, limit);
    for (unsigned i = 0; i < reserved.count; i++)
        range_remove(&device, reserved.ranges[i].start.v,
                     reserved.ranges[i].end.v);
    for (unsigned i = 0; i < acpi->segment_count; i++) {
        const struct acpi_segment *s = &acpi->segments[i];
        range_add_inside(&device, s->base.v + ((uint64_t)s->first_bus << 20),
                         s->base.v + (((uint64_t)s->last_bus + 1) << 20));
    }
    range_remove(&device, limit, ~0ul);
    for (unsigned i = 0; i < all_ram.count; i++)
        range_remove(&device, all_ram.ranges[i].start.v,
                     all_ram.ranges[i].end.v);
    for (unsigned i = 0; i < forbidden.count; i++)
        range_remove(&device, forbidden.ranges[i].start.v,
                     forbidden.ranges[i].end.v);
    machine.device_count = device.count;
}

/* boot/ itself lies before the kernel: from KERNEL_LOAD to image_start. */
void memory_finish(const struct acpi_info *acpi)
{
    finished = true;
    range_remove(&forbidden, KERNEL_LOAD, image_to_phys(image_start).v);
    range_add_inside(&free_ram, KERNEL_LOAD, image_to_phys(image_start).v);
    find_devices(acpi);
    for (unsigned i = 0; i < forbidden.count; i++)
        range_remove(&free_ram, forbidden.ranges[i].start.v,
                     forbidden.ranges[i].end.v);
    machine.ram_count = free_ram.count;
}
