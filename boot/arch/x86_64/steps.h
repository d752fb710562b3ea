/*
 * The steps of start that boot_main() calls in turn, and what they share.
 */
#pragma once

#include "boot/arch/x86_64/multiboot2.h"
#include "boot/machine.h"
#include "boot/ranges.h"

/* Of the image, boot/'s part and the kernel's. */
static inline paddr_t image_to_phys(const void *address)
{
    return (paddr_t){(uint64_t)address - 0xffffffff80000000ul};
}

/* memory.c: who owns which physical address. */

/* Sorts the boot loader's memory map into RAM and the rest, and takes the
 * kernel and the modules out. */
void memory_init(const struct boot_data *boot);
/* Fills machine.ram, to which it adds boot/ itself, and .device; ends
 * boot_alloc_pages(). */
void memory_finish(const struct acpi_info *acpi);
/* A page below 640 KiB for the other CPUs' start; 0: there is none. */
paddr_t memory_low_page(void);
/* All RAM, used or not, that the direct map covers. */
const struct range_set *memory_all_ram(void);

/* paging.c: the kernel's own page tables. */

/* Builds the final tables and switches to them: direct map, kernel image with
 * W^X, register window; nothing in the user half. */
void paging_init(void);
/* Switches another CPU to them. */
void paging_cpu_init(void);
/* Where the entries for boot/ itself are, for kernel_main(). */
struct boot_pages paging_boot_pages(void);

/* fpu_detect.c */

extern uint32_t fpu_area_bytes; /* of FPU_AREA_SIZE that are in use */
/* Chooses the method and the state components; once, on the first CPU. */
void fpu_detect(void);
/* Turns them on, on each CPU. */
void fpu_cpu_init(void);

/* ioapic_start.c: fills `ioapics` and masks all pins. */
void ioapic_init(const struct acpi_info *acpi);

/* smp.c */

/* Sets a CPU's tables, registers, FPU and per-CPU pointer. */
void cpu_init(unsigned index);
/* Starts the other CPUs and leaves them waiting in kernel_cpu_main().
 * Fills platform.cpu_count and .apic_ids. */
void smp_start(const struct acpi_info *acpi);

_Noreturn void boot_main(uint32_t magic, uint32_t info);
_Noreturn void ap_main(unsigned index);
