/*
 * The kernel's own page tables, built once. All RAM is mapped at DIRECT_BASE
 * with the largest pages that fit, read-write and never executable; but the
 * image's code and constants are read-only there, too. The image, boot/ and
 * kernel, is mapped with 4 KiB pages: code read-execute, constants read-only,
 * data read-write; the page below each kernel stack is left out. Registers go
 * to a small uncached window. The user half stays empty.
 * Source: Intel SDM 3A, 4.5.
 */
#include "boot/arch/x86_64/cpu_features.h"
#include "boot/arch/x86_64/steps.h"
#include "boot/print.h"
#include "kernel/arch/x86_64/arch_cpu.h"
#include "kernel/arch/x86_64/cpu_ops.h"

#define PTE_PRESENT  (1ul << 0)
#define PTE_WRITE    (1ul << 1)
#define PTE_WT       (1ul << 3) /* with PTE_UC: PAT entry 3, uncached */
#define PTE_UC       (1ul << 4)
#define PTE_LARGE    (1ul << 7)
#define PTE_GLOBAL   (1ul << 8)
#define PTE_NX       (1ul << 63)
#define PTE_ADDRESS  0x000ffffffffff000ul
#define PTE_UNCACHED (PTE_UC | PTE_WT)

#define LEVELS 4

static uint64_t *root;
static uint64_t *mmio_table;
static unsigned mmio_used;

extern char boot_text_start[], boot_text_end[], boot_rodata_end[], boot_end[];
extern char image_start[], image_text_end[], image_rodata_end[], image_end[];

static unsigned index_at(uint64_t address, unsigned level)
{
    return address >> (PAGE_BITS + 9 * level) & 511;
}

/* The table below an entry; made when there is none. */
static uint64_t *table_below(uint64_t *entry)
{
    if (!(*entry & PTE_PRESENT))
        *entry = boot_alloc_pages(1, PAGE_SIZE).v | PTE_PRESENT | PTE_WRITE;
    return phys_to_virt((paddr_t){*entry & PTE_ADDRESS});
}

/* The entry for `address` in the table of `level` (0: 4 KiB pages). */
static uint64_t *entry_for(uint64_t address, unsigned level)
{
    uint64_t *table = root;

    for (unsigned l = LEVELS - 1; l > level; l--)
        table = table_below(&table[index_at(address, l)]);
    return &table[index_at(address, level)];
}

/* The largest page size (as level) that fits here. */
static unsigned level_for(uint64_t address, uint64_t size)
{
    if (cpu_features.page_1g && address % (1ul << PAGE_1G_BITS) == 0 &&
        size >= 1ul << PAGE_1G_BITS)
        return 2;
    if (address % (1ul << PAGE_2M_BITS) == 0 && size >= 1ul << PAGE_2M_BITS)
        return 1;
    return 0;
}

/* Maps [start, end) of physical memory at start + offset. */
static void map(uint64_t start, uint64_t end, uint64_t offset, uint64_t flags)
{
    while (start < end) {
        unsigned level = level_for(start, end - start);

        *entry_for(start + offset, level) = start | flags | PTE_PRESENT |
                                            PTE_GLOBAL |
                                            (level > 0 ? PTE_LARGE : 0);
        start += PAGE_SIZE << (9 * level);
    }
}

/* One RAM range, cut where the image's read-only parts begin and end. */
static void map_direct(uint64_t start, uint64_t end)
{
    uint64_t cuts[] = {KERNEL_LOAD, image_to_phys(boot_rodata_end).v,
                       image_to_phys(image_start).v,
                       image_to_phys(image_rodata_end).v};

    for (unsigned i = 0; i < 4 && start < end; i++) {
        uint64_t stop = end < cuts[i] ? end : cuts[i];
        bool constant = i % 2 == 1;

        if (start >= stop)
            continue;
        map(start, stop, DIRECT_BASE, PTE_NX | (constant ? 0 : PTE_WRITE));
        start = stop;
    }
    map(start, end, DIRECT_BASE, PTE_NX | PTE_WRITE);
}

static void map_image(const char *from, const char *to, uint64_t flags)
{
    for (const char *page = from; page < to; page += PAGE_SIZE)
        *entry_for((uint64_t)page, 0) =
            image_to_phys(page).v | flags | PTE_PRESENT | PTE_GLOBAL;
}

static void unmap_stack_guards(void)
{
    for (unsigned i = 0; i < MAX_CPUS; i++)
        *entry_for((uint64_t)cpu_stacks[i], 0) = 0;
}

void paging_init(void)
{
    const struct range_set *ram = memory_all_ram();

    platform.kernel_root = boot_alloc_pages(1, PAGE_SIZE);
    root = phys_to_virt(platform.kernel_root);
    for (unsigned i = 0; i < ram->count; i++)
        map_direct(ram->ranges[i].start.v, ram->ranges[i].end.v);
    map_image(boot_text_start, boot_text_end, 0);
    map_image(boot_text_end, boot_rodata_end, PTE_NX);
    map_image(boot_rodata_end, boot_end, PTE_NX | PTE_WRITE);
    map_image(image_start, image_text_end, 0);
    map_image(image_text_end, image_rodata_end, PTE_NX);
    map_image(image_rodata_end, image_end, PTE_NX | PTE_WRITE);
    unmap_stack_guards();
    mmio_table = entry_for(MMIO_BASE, 0);
    paging_cpu_init();
}

void paging_cpu_init(void)
{
    cr3_write(platform.kernel_root.v);
}

/* From the image's first page on; the low part has no entry in the image, but
 * the first 2 MiB have one table in either map (image.ld). */
struct boot_pages paging_boot_pages(void)
{
    return (struct boot_pages){
        .image = entry_for(KERNEL_OFFSET + KERNEL_LOAD, 0),
        .direct = entry_for(DIRECT_BASE + KERNEL_LOAD, 0),
        .count = (image_to_phys(image_start).v - KERNEL_LOAD) >> PAGE_BITS,
    };
}

void *mmio_map(paddr_t address, uint64_t size)
{
    uint64_t offset = address.v & (PAGE_SIZE - 1);
    uint64_t pages = (offset + size + PAGE_SIZE - 1) >> PAGE_BITS;
    unsigned first = mmio_used;

    if (pages > MMIO_PAGES - mmio_used)
        boot_fail("no room to map %lu pages of registers at %lx", pages,
                  address.v);
    for (uint64_t i = 0; i < pages; i++)
        mmio_table[mmio_used++] = (address.v - offset + (i << PAGE_BITS)) |
                                  PTE_PRESENT | PTE_WRITE | PTE_UNCACHED |
                                  PTE_GLOBAL | PTE_NX;
#ifndef MUTATION_grant_kernel_registers
    memory_forbid((paddr_t){address.v - offset}, pages << PAGE_BITS);
#endif
    return (void *)(MMIO_BASE + (uint64_t)first * PAGE_SIZE + offset);
}
