/*
 * memset and memcpy, which gcc calls even in freestanding code. (It may call
 * memmove and memcmp, too; nothing here makes it.) Eight bytes a step; REP is
 * what modern CPUs do fastest without vector registers.
 */
        .text
        .globl memset, memcpy

memset: /* rdi to, esi byte, rdx size */
        movq %rdi, %r8
        movzbl %sil, %eax
        movabs $0x0101010101010101, %rcx
        imulq %rcx, %rax
        movq %rdx, %rcx
        shrq $3, %rcx
        rep stosq
        movl %edx, %ecx
        andl $7, %ecx
        rep stosb
        movq %r8, %rax
        ret

memcpy: /* rdi to, rsi from, rdx size */
        movq %rdi, %rax
        movq %rdx, %rcx
        shrq $3, %rcx
        rep movsq
        movl %edx, %ecx
        andl $7, %ecx
        rep movsb
        ret

        .section .note.GNU-stack, "", @progbits
