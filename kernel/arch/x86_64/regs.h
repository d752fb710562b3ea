/*
 * The registers of a thread, as entry.S saves them and IRETQ wants them. The
 * offsets below are for assembly; the structure checks them.
 */
#pragma once

#define THREAD_REGS 16 /* where struct thread has them; thread.h checks it */
#define REGS_R15    0
#define REGS_R14    8
#define REGS_R13    16
#define REGS_R12    24
#define REGS_RBP    32
#define REGS_RBX    40
#define REGS_R11    48
#define REGS_R10    56
#define REGS_R9     64
#define REGS_R8     72
#define REGS_RDI    80
#define REGS_RSI    88
#define REGS_RDX    96
#define REGS_RCX    104
#define REGS_RAX    112
#define REGS_VECTOR 120
#define REGS_ERROR  128
#define REGS_RIP    136
#define REGS_CS     144
#define REGS_RFLAGS 152
#define REGS_RSP    160
#define REGS_SS     168
#define REGS_SIZE   176

/* REGS_VECTOR of a thread that entered by SYSCALL: it may leave by SYSRET. Set
 * while it runs, until an interrupt or exception comes. */
#define VECTOR_SYSCALL 0x100

/* RFLAGS: interrupts on and the bit that is always 1. */
#define RFLAGS_USER 0x202
/* Flags that a thread may choose: CF PF AF ZF SF DF OF, TF, AC, ID. */
#define RFLAGS_ALLOWED 0x240dd5

#ifndef __ASSEMBLER__
#include <cordon/types.h>

struct registers {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10;
    uint64_t r9, r8, rdi, rsi, rdx, rcx, rax;
    uint64_t vector; /* how it entered: exception, interrupt, SYSCALL */
    uint64_t error;
    uint64_t rip, cs, rflags, rsp, ss;
};
_Static_assert(sizeof(struct registers) == REGS_SIZE, "as in entry.S");
_Static_assert(offsetof(struct registers, rax) == REGS_RAX, "as in entry.S");
_Static_assert(offsetof(struct registers, rip) == REGS_RIP, "as in entry.S");
_Static_assert(offsetof(struct registers, ss) == REGS_SS, "as in entry.S");
#endif
