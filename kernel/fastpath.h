/*
 * The short way for calls and answers: up to four words, no capabilities, no
 * deadline, both threads on one CPU, and the partner waiting. Everything else
 * takes the long way (endpoint.c), which does the same and more.
 */
#pragma once

#include "kernel/endpoint.h"

/* Called by entry.S for these two operations; where the short way will not do
 * they go on to syscall_entry(). They return the thread to run. */
struct thread *fast_call(struct thread *self);
struct thread *fast_reply_receive(struct thread *self);
