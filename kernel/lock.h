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
    uint32_t ticket = 1;
    bool mine;

    __asm__ volatile("lock xaddl %1, %2\n\tcmpl %3, %1"
                     : "=@cce"(mine), "+r"(ticket), "+m"(lock->next)
                     : "m"(lock->serving)
                     : "memory");
    while (__builtin_expect(!mine, 0)) {
        __asm__ volatile("pause" : : : "memory");
        mine = __atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) == ticket;
    }
}

/* Only the holder writes `serving`; x86 stores are releases. */
static inline __attribute__((always_inline)) void
lock_release(struct lock *lock)
{
    __atomic_signal_fence(__ATOMIC_RELEASE);
    lock->serving++;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}
