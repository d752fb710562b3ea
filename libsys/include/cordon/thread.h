/*
 * Threads, mutexes and conditions. A thread stays on its CPU and runs on a
 * scheduling context of its own; the policy says how many a component has.
 * Waiting is by notification, so nobody spins.
 */
#pragma once

#include <cordon/abi.h>

struct thread;

/*
 * Starts fn(arg) on a stack of `stack_bytes` (rounded up to pages) with guard
 * pages on both ends. `context` is a SchedContext, from thread_context();
 * `cpu` the CPU that it is for. NULL on failure, then *status (if not NULL)
 * says why. Uses the caller's message page.
 */
struct thread *thread_create(void (*fn)(void *), void *arg, size_t stack_bytes,
                             cap_t context, unsigned cpu, uint64_t *status);

/* A SchedContext that no thread has yet, for CPU *cpu; 0: none left. */
cap_t thread_context(unsigned *cpu);

/* Waits until it has returned and keeps what it had for the next thread_create;
 * its context is free again. A Notification bound to it should be unbound.
 * ERR_TIMEOUT: it still runs. */
uint64_t thread_join(struct thread *t, uint64_t deadline);

/* Ends the calling thread. */
_Noreturn void thread_exit(void);

/* The Thread capability of the calling thread (for notification_bind). */
cap_t thread_self(void);

/* Lets others of the same priority run. */
void thread_pass(void);

/* A mutex: zero is unlocked. First come, first served; not recursive. */
struct mutex {
    uintptr_t state; /* 0 free, 1 held, else the youngest waiter */
};
void mutex_lock(struct mutex *m);
bool mutex_try(struct mutex *m);
void mutex_unlock(struct mutex *m);

/* A condition: zero is one without waiters. */
struct condition {
    struct mutex lock;
    void *first;
};
/* Releases m, waits, takes m again. ERR_TIMEOUT when the deadline passed. */
uint64_t condition_wait(struct condition *c, struct mutex *m,
                        uint64_t deadline);
void condition_signal(struct condition *c);    /* wakes the longest waiting */
void condition_broadcast(struct condition *c); /* wakes all */
