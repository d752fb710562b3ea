/*
 * In place of the SYSCALL instruction (libsys/include/cordon/invoke.h): a
 * function of the test, which is the kernel of the program under test.
 */
#pragma once

#include <cordon/abi.h>

struct result {
    uint64_t status;
    uint64_t badge;
    uint64_t r[5];
};

struct result kernel_invoke(uint64_t op, cap_t cap, uint64_t a1, uint64_t a2,
                            uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6,
                            uint64_t a7);
