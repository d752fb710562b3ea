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

/* Takes a ticket; true: it is served at once. */
static inline __attribute__((always_inline)) bool lock_ticket(struct lock *lock,
                                                              uint32_t *ticket)
{
    bool served;

    *ticket = 1;
    __asm__ volatile("lock xaddl %1, %2\n\tcmpl %3, %1"
                     : "=@cce"(served), "+r"(*ticket), "+m"(lock->next)
                     : "m"(lock->serving)
                     : "memory");
    return served;
}

static inline bool lock_is_served(const struct lock *lock, uint32_t ticket)
{
    __asm__ volatile("pause" : : : "memory");
    return __atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) == ticket;
}

static inline __attribute__((always_inline)) void
lock_acquire(struct lock *lock)
{
    uint32_t ticket;

    if (__builtin_expect(lock_ticket(lock, &ticket), 1))
        return;
    while (!lock_is_served(lock, ticket))
        ;
}

/* Only the holder writes `serving`; x86 stores are releases. */
static inline __attribute__((always_inline)) void
lock_release(struct lock *lock)
{
    __atomic_signal_fence(__ATOMIC_RELEASE);
    lock->serving++;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}
