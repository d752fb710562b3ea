/*
 * memset, memcpy, memmove and memcmp: gcc calls them even in freestanding
 * code. Eight bytes a step; REP is what modern CPUs do fastest without vector
 * registers, which the kernel does not touch.
 */
        .text
        .globl memset, memcpy, memmove, memcmp

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

memmove: /* rdi to, rsi from, rdx size */
        movq %rdi, %rax
        subq %rsi, %rax
        cmpq %rdx, %rax
        jae memcpy                      /* does not start inside the source */
        movq %rdi, %rax
        movq %rdx, %rcx
        leaq -1(%rdi, %rdx), %rdi
        leaq -1(%rsi, %rdx), %rsi
        std
        rep movsb
        cld
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

memcmp: /* rdi, rsi, rdx size */
        xorl %eax, %eax
        xorl %ecx, %ecx
1:      cmpq %rdx, %rcx
        je 2f
        movzbl (%rdi, %rcx), %eax
        movzbl (%rsi, %rcx), %r8d
        incq %rcx
        subl %r8d, %eax
        je 1b
2:      ret

        .section .note.GNU-stack, "", @progbits
