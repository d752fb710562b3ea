/*
 * Work for other CPUs: a thread's request through its CPU's inbox, TLB
 * shootdown, and the proof that every CPU has left the kernel once (after
 * which nobody still holds a pointer that a look-up without lock gave).
 */
#pragma once

#include "kernel/thread.h"

/* Asks the thread's CPU for something; at once and without waiting. */
void remote_request(struct thread *thread, enum thread_request request);
/* On VECTOR_IPI: does what other CPUs have asked for. */
void remote_serve(struct cpu *cpu);
/* After idling, before anything is looked up: no longer QUIET. */
void remote_idle_end(struct cpu *cpu);

/*
 * Flushes the TLBs of these CPUs (bit per CPU), the caller's too, and waits
 * until all have confirmed. Structure lock held.
 */
void remote_flush(uint64_t cpu_mask);
/* Answers flush requests while this CPU spins with interrupts off. */
void remote_poll_flush(struct cpu *cpu);

/* Starts a round; it is over once every CPU has been outside the kernel, and
 * has served what others then still had handed to it. */
uint64_t remote_quiesce_begin(void);
bool remote_quiesce_over(uint64_t round);
