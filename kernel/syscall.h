/*
 * Entering the kernel: the dispatch of operations, and how they report errors
 * and go on later.
 */
#pragma once

#include <cordon/operations.h>
#include "kernel/thread.h"

/* entry.S jumps to these. */
_Noreturn void syscall_entry(struct thread *self);
_Noreturn void interrupt_entry(struct thread *self);
_Noreturn void idle_interrupt(uint64_t vector);
/* entry.S: leaves the kernel into this thread; waits for an interrupt. */
_Noreturn void kernel_leave(struct thread *thread);
_Noreturn void kernel_idle(void);
/* Into the current thread, which entered by SYSCALL, with this message. */
_Noreturn void kernel_leave_message(uint64_t badge, uint64_t tag, uint64_t w0,
                                    uint64_t w1, uint64_t w2, uint64_t w3);

/* Ends the operation with an error in argument `arg` (0: the capability).
 * Returns false, so that a check can end with it. */
static inline bool syscall_fail(struct thread *self, enum status code,
                                uint64_t arg)
{
    self->regs.rax = (uint64_t)code | arg << 8;
    return false;
}

/* ERR_ARGUMENT: `arg` would have been accepted from `low` to `high`. */
static inline bool syscall_argument(struct thread *self, uint64_t arg,
                                    uint64_t low, uint64_t high)
{
    syscall_fail(self, ERR_ARGUMENT, arg);
    self->regs.rsi = low;
    self->regs.rdx = high;
    return false;
}

/*
 * The operation has more to do: the thread runs the same instruction again,
 * after whatever interrupt is pending (R9). Its registers may have been
 * advanced, so that it goes on where it was.
 */
#define SYSCALL_BYTES 2 /* length of the instruction */
static inline void syscall_again(struct thread *self, uint64_t operation)
{
    self->regs.rax = operation;
    self->regs.rip -= SYSCALL_BYTES;
}

/*
 * entry.S: an exception in the kernel itself, a machine check or an NMI.
 * `frame` is error code, rip, cs, rflags, rsp, ss. Prints (before user mode, or
 * in a debug build) and halts all CPUs; returns for an NMI that means nothing.
 */
void kernel_exception(uint64_t vector, const uint64_t *frame);
/* From here on the kernel prints nothing on its own behalf (R6). */
void panic_silence(void);
