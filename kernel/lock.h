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

static inline void lock_acquire(struct lock *lock)
{
    uint32_t ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_ACQUIRE);

    while (__atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) != ticket)
        __asm__ volatile("pause" : : : "memory");
}

static inline void lock_release(struct lock *lock)
{
    __atomic_store_n(&lock->serving, lock->serving + 1, __ATOMIC_RELEASE);
}
