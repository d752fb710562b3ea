/*
 * Where another CPU wakes up: real mode, in a page below 1 MiB into which
 * smp.c copied these bytes (Intel SDM 3A, 8.4.4.1). Position-independent up
 * to the jump to ap_entry32 in boot.S.
 */
        .section .rodata.trampoline, "a"
        .globl trampoline_start, trampoline_end
        .code16
trampoline_start:
        cli
        cld
        movw %cs, %ax
        movw %ax, %ds
        lgdtl trampoline_gdt - trampoline_start
        movl %cr0, %eax
        orb $1, %al
        movl %eax, %cr0
        ljmpl $0x18, $ap_entry32
        .balign 4
trampoline_gdt:
        .short 31
        .long boot_gdt_address
trampoline_end:

        .section .note.GNU-stack, "", @progbits
