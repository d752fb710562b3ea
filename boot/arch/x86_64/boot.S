/*
 * From GRUB's 32-bit world to 64-bit C on the first CPU, and the same way for
 * the others from the page where they wake up (trampoline.S). The early page
 * tables map the first 4 GiB three times (identity, direct map, kernel) with
 * 2 MiB pages; paging.c replaces them before anything else is mapped.
 * Source: Multiboot2 specification 2.0, 3.1 and 3.3; Intel SDM 3A, 9.8.5.
 */
#include "kernel/arch/x86_64/layout.h"
#include "kernel/arch/x86_64/segments.h"

#define MAGIC        0xe85250d6
#define ARCH_I386    0
#define TAG_END      0
#define TAG_MODALIGN 6

#define CR0_PE_NE_WP_PG 0x80010021
#define CR4_PAE         0x20
#define EFER            0xc0000080
#define EFER_LME        0x100
#define COM1            0x3f8

#define PHYS(symbol) ((symbol) - KERNEL_OFFSET)

        .section .low.header, "a"
        .balign 8
header:
        .long MAGIC, ARCH_I386, header_end - header
        .long -(MAGIC + ARCH_I386 + (header_end - header))
        .balign 8
        .short TAG_MODALIGN, 0
        .long 8
        .balign 8
        .short TAG_END, 0
        .long 8
header_end:

        .section .low, "ax"
        .code32
        .globl _start
_start:
        cli
        cld
        movl %eax, %edi                 /* first argument of boot_main */
        movl %ebx, %esi                 /* second */
        movl $PHYS(cpu_stacks + STACK_SIZE), %esp

        movl $0x80000000, %eax
        cpuid
        cmpl $0x80000001, %eax
        jb no_long_mode
        movl $0x80000001, %eax
        cpuid
        btl $29, %edx                   /* LM */
        jnc no_long_mode

        /* Four page directories of 512 pages of 2 MiB. */
        movl $PHYS(boot_pd), %ebx
        movl $0x83, %eax                /* present, writable, large */
        movl $2048, %ecx
1:      movl %eax, (%ebx)
        movl $0, 4(%ebx)
        addl $0x200000, %eax
        addl $8, %ebx
        decl %ecx
        jnz 1b

        movl $PHYS(boot_pd) + 3, %eax
        movl $PHYS(boot_pdpt_low), %ebx
        movl $4, %ecx
1:      movl %eax, (%ebx)
        addl $4096, %eax
        addl $8, %ebx
        decl %ecx
        jnz 1b
        movl $PHYS(boot_pd) + 3, PHYS(boot_pdpt_high) + 510 * 8
        movl $PHYS(boot_pdpt_low) + 3, PHYS(boot_pml4)
        movl $PHYS(boot_pdpt_low) + 3, PHYS(boot_pml4) + 256 * 8
        movl $PHYS(boot_pdpt_high) + 3, PHYS(boot_pml4) + 511 * 8

        call enter_long_mode
        lgdt boot_gdt_pointer
        ljmp $SEL_KERNEL_CODE, $1f
        .code64
1:      movabs $start64, %rax
        jmp *%rax

/* Turns paging on with the early tables; uses eax, ecx, edx. */
        .code32
enter_long_mode:
        movl $CR4_PAE, %eax
        movl %eax, %cr4
        movl $PHYS(boot_pml4), %eax
        movl %eax, %cr3
        movl $EFER, %ecx
        rdmsr
        orl $EFER_LME, %eax
        wrmsr
        movl $CR0_PE_NE_WP_PG, %eax
        movl %eax, %cr0
        ret

/* Another CPU, out of the trampoline: protected mode, no paging. */
        .globl ap_entry32
ap_entry32:
        movw $SEL_KERNEL_DATA, %ax
        movw %ax, %ds
        movw %ax, %es
        movw %ax, %ss
        movl $PHYS(ap_first_stack), %esp
        call enter_long_mode
        ljmp $SEL_KERNEL_CODE, $1f
        .code64
1:      movabs $ap_start64, %rax
        jmp *%rax

/* No 64-bit mode: the only message that C cannot print. */
        .code32
no_long_mode:
        movl $no_long_mode_text, %esi
1:      lodsb
        testb %al, %al
        jz 2f
        movw $COM1, %dx
        outb %al, %dx
        movl $0x10000, %ecx             /* give a slow UART time */
3:      decl %ecx
        jnz 3b
        jmp 1b
2:      hlt
        jmp 2b
no_long_mode_text:
        .asciz "cordon: this CPU lacks 64-bit mode (CPUID 80000001h EDX.29)\r\n"

        .balign 8
        .globl boot_gdt_address
boot_gdt_address:
boot_gdt:
        .quad 0
        .quad 0x00af9b000000ffff        /* SEL_KERNEL_CODE, 64-bit */
        .quad 0x00cf93000000ffff        /* SEL_KERNEL_DATA */
        .quad 0x00cf9b000000ffff        /* 0x18: 32-bit code, trampoline */
boot_gdt_end:
        .globl boot_gdt_pointer
boot_gdt_pointer:
        .short boot_gdt_end - boot_gdt - 1
        .long boot_gdt, 0

        .text
        .code64
start64:
        movl $SEL_KERNEL_DATA, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %eax, %ss
        xorl %eax, %eax
        movl %eax, %fs
        movl %eax, %gs
        movq $cpu_stacks + STACK_SIZE, %rsp
        movl %edi, %edi                 /* clear the upper halves */
        movl %esi, %esi
        xorl %ebp, %ebp
        call boot_main
1:      hlt
        jmp 1b

ap_start64:
        xorl %eax, %eax
        movl %eax, %fs
        movl %eax, %gs
        movl $-1, %edi
        xchgl %edi, ap_slot             /* claims a CPU index, once */
        testl %edi, %edi
        js 1f                           /* too late: smp.c gave up */
        leal 1(%edi), %eax
        imulq $STACK_SIZE, %rax, %rax
        leaq cpu_stacks(%rax), %rsp
        xorl %ebp, %ebp
        call ap_main
1:      cli
        hlt
        jmp 1b

        .bss
        .balign 4096
boot_pml4:      .skip 4096
boot_pdpt_low:  .skip 4096
boot_pdpt_high: .skip 4096
boot_pd:        .skip 4 * 4096
        .balign 16
        .skip 64                        /* for one call in ap_entry32 */
ap_first_stack:

        .section .note.GNU-stack, "", @progbits
