/*
 * Where the kernel lies, for C, assembly and (by value) kernel.ld.
 */
#pragma once

#define KERNEL_OFFSET 0xffffffff80000000 /* virtual minus physical address */
#define KERNEL_LOAD   0x100000           /* physical */
#define MMIO_BASE     0xffffffffc0000000 /* 2 MiB window for registers */
#define MMIO_PAGES    512

/* One guard page that is not mapped, then the stack. */
#define STACK_SIZE 16384
#define IST_STACKS 3 /* NMI, double fault, machine check */
#define IST_SIZE   4096
