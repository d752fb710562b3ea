/*
 * The functions behind the operations, declared from the generated table.
 * A fast one takes no global lock and gets the capability as it was; the others
 * run under the structure lock and get the slot. On entry regs.rax is OK; an
 * error is reported with syscall_fail() and its like.
 */
#pragma once

#include "kernel/endpoint.h"
#include "kernel/syscall.h"

typedef void fast_operation(struct thread *self, struct cap_view cap);
typedef void slow_operation(struct thread *self, struct cap *cap);

#define DECLARE_0(name)                             slow_operation name##_op;
#define DECLARE_1(name)                             fast_operation name##_op;
#define OPERATION(name, number, mask, needed, fast) DECLARE_##fast(name)
#include "dispatch.inc"
#undef OPERATION
#undef DECLARE_0
#undef DECLARE_1
