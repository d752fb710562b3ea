/*
 * The SYSCALL instruction as a C function. Only the generated stubs in
 * <cordon/syscalls.h> and the message stubs of libsys call it.
 */
#pragma once

#include <cordon/abi.h>

/* What an operation returned: a status word and up to five results. */
struct result {
    uint64_t status; /* STATUS_CODE, STATUS_ARG; 0 is success */
    uint64_t badge;  /* rdi: badge of a received message */
    uint64_t r[5];   /* rsi, rdx, r10, r8, r9 */
};

static inline struct result kernel_invoke(uint64_t op, cap_t cap, uint64_t a1,
                                          uint64_t a2, uint64_t a3, uint64_t a4,
                                          uint64_t a5, uint64_t a6, uint64_t a7)
{
    register uint64_t r10 __asm__("r10") = a3;
    register uint64_t r8 __asm__("r8") = a4;
    register uint64_t r9 __asm__("r9") = a5;
    register uint64_t r12 __asm__("r12") = a6;
    register uint64_t r13 __asm__("r13") = a7;

    __asm__ volatile("syscall"
                     : "+a"(op), "+D"(cap), "+S"(a1), "+d"(a2), "+r"(r10),
                       "+r"(r8), "+r"(r9)
                     : "r"(r12), "r"(r13)
                     : "rcx", "r11", "memory");
    return (struct result){op, cap, {a1, a2, r10, r8, r9}};
}
