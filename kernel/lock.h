/*
 * Ticket spin locks. Interrupts are always off in the kernel, so a lock is
 * held for a bounded time and never taken twice by one CPU. Order, outermost
 * first: structure lock (cap.h), endpoint or notification, reply, IOMMU unit.
 */
#pragma once

#include <cordon/types.h>

struct lock {
    uint32_t next;    /* ticket of the next to come */
    uint32_t serving; /* ticket of the holder */
};

static inline __attribute__((always_inline)) void
lock_acquire(struct lock *lock)
{
    uint32_t ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_ACQUIRE);

    if (__builtin_expect(
            __atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) == ticket, 1))
        return;
    while (__atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) != ticket)
        __asm__ volatile("pause" : : : "memory");
}

/* Only the holder writes `serving`; x86 stores are releases. */
static inline __attribute__((always_inline)) void
lock_release(struct lock *lock)
{
    __atomic_signal_fence(__ATOMIC_RELEASE);
    lock->serving++;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}
