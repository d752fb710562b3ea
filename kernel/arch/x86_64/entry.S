/*
 * The ways into the kernel and out of it. An entry saves the registers in the
 * current thread itself (struct registers), switches to this CPU's stack and
 * jumps to C, which never returns: it leaves the kernel into whatever thread
 * runs next. So no register is kept for anybody (tools/kernel.mk).
 */
#include "kernel/arch/x86_64/regs.h"
#include "kernel/arch/x86_64/segments.h"
#include "kernel/cpu.h"
#include "kernel/operation_numbers.h"

    .text

/*
 * SYSCALL: rcx = rip, r11 = rflags, everything else is the thread's. The two
 * operations of the short way take their words as C arguments, which only the
 * fourth is not already: rdi, rsi, rdx, rcx (r10), r8, r9.
 */
    .global entry_syscall
    .balign 64
entry_syscall:
    swapgs
    movq %rsp, %gs:CPU_SCRATCH
    movq %gs:CPU_CURRENT, %rsp
    movq %rcx, THREAD_REGS + REGS_RIP(%rsp)
    movq %r11, THREAD_REGS + REGS_RFLAGS(%rsp)
    movq %rbx, THREAD_REGS + REGS_RBX(%rsp)
    movq %rbp, THREAD_REGS + REGS_RBP(%rsp)
    movq %r12, THREAD_REGS + REGS_R12(%rsp)
    movq %r13, THREAD_REGS + REGS_R13(%rsp)
    movq %r14, THREAD_REGS + REGS_R14(%rsp)
    movq %r15, THREAD_REGS + REGS_R15(%rsp)
    movq %gs:CPU_SCRATCH, %rbx
    movq %rbx, THREAD_REGS + REGS_RSP(%rsp)
    movq %gs:CPU_STACK, %rsp
    movq %r10, %rcx
    cmpl $ASM_ENDPOINT_CALL, %eax
    je fast_call
    cmpl $ASM_REPLY_RECEIVE, %eax
    je fast_reply_receive
    movq %gs:CPU_CURRENT, %rbx
    movq %rax, THREAD_REGS + REGS_RAX(%rbx)
    movq %rdi, THREAD_REGS + REGS_RDI(%rbx)
    movq %rsi, THREAD_REGS + REGS_RSI(%rbx)
    movq %rdx, THREAD_REGS + REGS_RDX(%rbx)
    movq %r10, THREAD_REGS + REGS_R10(%rbx)
    movq %r8, THREAD_REGS + REGS_R8(%rbx)
    movq %r9, THREAD_REGS + REGS_R9(%rbx)
    movq %rbx, %rdi
    jmp syscall_entry

/* Leaves into the current thread, which entered by SYSCALL, with these: its
 * status is OK, its badge and words are the arguments. Never returns. */
    .global kernel_leave_message
kernel_leave_message:
    movq %gs:CPU_CURRENT, %rsp
    movq %rcx, %r10
    xorl %eax, %eax
    movq THREAD_REGS + REGS_RIP(%rsp), %rcx
    movq THREAD_REGS + REGS_RFLAGS(%rsp), %r11
    movq THREAD_REGS + REGS_RBX(%rsp), %rbx
    movq THREAD_REGS + REGS_RBP(%rsp), %rbp
    movq THREAD_REGS + REGS_R12(%rsp), %r12
    movq THREAD_REGS + REGS_R13(%rsp), %r13
    movq THREAD_REGS + REGS_R14(%rsp), %r14
    movq THREAD_REGS + REGS_R15(%rsp), %r15
    movq THREAD_REGS + REGS_RSP(%rsp), %rsp
    swapgs
    sysretq

/* Leaves into the thread in rdi. Never returns. */
    .global kernel_leave
kernel_leave:
    cmpq $VECTOR_SYSCALL, THREAD_REGS + REGS_VECTOR(%rdi)
    jne leave_full
    movq THREAD_REGS + REGS_RIP(%rdi), %rcx
    movq THREAD_REGS + REGS_RFLAGS(%rdi), %r11
    movq THREAD_REGS + REGS_RSP(%rdi), %rsp
    movq THREAD_REGS + REGS_RAX(%rdi), %rax
    movq THREAD_REGS + REGS_RSI(%rdi), %rsi
    movq THREAD_REGS + REGS_RDX(%rdi), %rdx
    movq THREAD_REGS + REGS_R10(%rdi), %r10
    movq THREAD_REGS + REGS_R8(%rdi), %r8
    movq THREAD_REGS + REGS_R9(%rdi), %r9
    movq THREAD_REGS + REGS_RBX(%rdi), %rbx
    movq THREAD_REGS + REGS_RBP(%rdi), %rbp
    movq THREAD_REGS + REGS_R12(%rdi), %r12
    movq THREAD_REGS + REGS_R13(%rdi), %r13
    movq THREAD_REGS + REGS_R14(%rdi), %r14
    movq THREAD_REGS + REGS_R15(%rdi), %r15
    movq THREAD_REGS + REGS_RDI(%rdi), %rdi
    swapgs
    sysretq

/* All registers, by IRETQ: the thread came by an interrupt or exception. The
 * next time it is by SYSCALL, or else the vector is pushed anew. */
leave_full:
    leaq THREAD_REGS(%rdi), %rsp
    .irp register, r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rdi, rsi, \
        rdx, rcx, rax
    popq %\register
    .endr
    movq $VECTOR_SYSCALL, (%rsp)
    addq $16, %rsp /* vector, error code */
    swapgs
    iretq

/* Nobody wants this CPU. The STI takes effect after HLT has begun, so no
 * interrupt is lost; the interrupt does not come back here. */
    .global kernel_idle
kernel_idle:
    movq %gs:CPU_STACK, %rsp
1:  sti
    hlt
    cli
    jmp 1b

/*
 * One stub a vector, 16 bytes each: pushes a zero where the CPU pushes no
 * error code (Intel SDM 3A, table 6-1), and the vector.
 */
    .global entry_stubs
    .balign 16
entry_stubs:
    .set vector, 0
    .rept 256
    .balign 16
    .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || \
          vector == 21 || vector == 29 || vector == 30)
    pushq $0
    .endif
    pushq $vector
    .if vector == 2 || vector == 8 || vector == 18
    jmp entry_own_stack
    .else
    jmp entry_common
    .endif
    .set vector, vector + 1
    .endr

/* From user mode the frame lies at the end of the thread's registers. */
    .balign 64
entry_common:
    testb $3, 24(%rsp) /* CS of what was interrupted */
    jz entry_from_kernel
    .irp register, rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11, rbx, rbp, r12, \
        r13, r14, r15
    pushq %\register
    .endr
    cld
    .global entry_clac /* becomes CLAC where there is SMAP: user mode sets AC */
entry_clac:
    nopl (%rax)
    swapgs
    movq %gs:CPU_CURRENT, %rdi
    movq %gs:CPU_STACK, %rsp
    jmp interrupt_entry

/*
 * From the kernel: an interrupt ends idling, whose stack is not needed again.
 * An exception is a bug.
 */
entry_from_kernel:
    cmpq $32, (%rsp) /* vector */
    jb entry_own_stack
    popq %rdi
    movq %gs:CPU_STACK, %rsp
    cld
    jmp idle_interrupt

/*
 * NMI, double fault and machine check have stacks of their own and may come
 * before or after a swapgs: nothing here looks at GS. Only an NMI returns.
 */
entry_own_stack:
    .irp register, rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11, rbp
    pushq %\register
    .endr
    movq %rsp, %rbp
    movq 80(%rsp), %rdi /* vector */
    leaq 88(%rsp), %rsi /* error code, rip, cs, rflags, rsp, ss */
    andq $~15, %rsp
    cld
    call kernel_exception
    movq %rbp, %rsp
    .irp register, rbp, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax
    popq %\register
    .endr
    addq $16, %rsp /* vector, error code */
    iretq

    .section .note.GNU-stack, "", @progbits
