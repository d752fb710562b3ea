/*
 * The short way for calls, faults and answers: no capabilities, no deadline,
 * both threads on one CPU, and the partner waiting. Everything else
 * takes the long way (endpoint.c), which does the same and more.
 */
#pragma once

#include "kernel/endpoint.h"

/*
 * entry.S jumps here for these two operations, with slot, tag and four words
 * as they came in registers, not yet saved; where the short way will not do
 * they go on to syscall_entry(). They leave the kernel themselves.
 */
_Noreturn void fast_call(cap_t slot, uint64_t tag, uint64_t w0, uint64_t w1,
                         uint64_t w2, uint64_t w3);
_Noreturn void fast_reply_receive(cap_t slot, uint64_t tag, uint64_t w0,
                                  uint64_t w1, uint64_t w2, uint64_t w3);
