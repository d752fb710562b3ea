/*
 * The steps of start that boot_main() calls in turn, and what they share.
 */
#pragma once

#include "kernel/arch/x86_64/multiboot2.h"
#include "kernel/arch/x86_64/ranges.h"

/* memory.c: who owns which physical address. */

/* Sorts the boot loader's memory map into RAM and the rest, and takes the
 * kernel and the modules out. */
void memory_init(const struct boot_data *boot);
/* Fills platform.ram, .device and .forbidden; ends boot_alloc_pages(). */
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
/* Clears the early tables, which the other CPUs needed to start. */
void paging_drop_early(void);

/* smp.c */

/* Sets a CPU's tables, registers, FPU and per-CPU pointer. */
void cpu_init(unsigned index);
/* Starts the other CPUs and leaves them waiting for platform_release_cpus().
 * Fills platform.cpu_count and .apic_ids. */
void smp_start(const struct acpi_info *acpi);

_Noreturn void boot_main(uint32_t magic, uint32_t info);
_Noreturn void ap_main(unsigned index);
