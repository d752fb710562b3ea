/*
 * Segment selectors, for C and assembly. The order is what SYSCALL and SYSRET
 * demand (Intel SDM 3A, 5.8.8): kernel code, kernel data; user data, user code.
 */
#pragma once

#define SEL_KERNEL_CODE 0x08
#define SEL_KERNEL_DATA 0x10
#define SEL_USER_DATA   0x1b
#define SEL_USER_CODE   0x23
#define SEL_TSS         0x28
