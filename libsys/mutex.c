/*
 * Mutexes without a system call unless somebody must wait. The state is 0
 * (free), HELD, or the youngest of a list of waiters, each on its own stack,
 * whose end is HELD. Only the holder takes waiters off the list, the oldest
 * first, and hands the mutex over: so nobody overtakes and nobody spins.
 *
 * There is no priority inheritance: share a mutex between threads of one
 * priority, or keep what it guards short.
 */
#include <cordon/syscalls.h>

#include "libsys/runtime.h"

#define HELD 1u

struct waiter {
    uintptr_t older; /* the next waiter, or HELD */
    struct thread *thread;
    uint32_t handed; /* the mutex is ours now */
};

static bool exchange(struct mutex *m, uintptr_t *expected, uintptr_t desired)
{
    return __atomic_compare_exchange_n(&m->state, expected, desired, false,
                                       __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

bool mutex_try(struct mutex *m)
{
    uintptr_t state = 0;

    return exchange(m, &state, HELD);
}

/* Somebody had it a moment ago: `state` is what it was. */
static __attribute__((noinline)) void wait_for(struct mutex *m, uintptr_t state)
{
    struct waiter self = {.thread = thread_current()};

    for (;;) {
        self.older = state;
        if (state == 0 ? exchange(m, &state, HELD)
                       : exchange(m, &state, (uintptr_t)&self))
            break;
    }
    if (self.older == 0)
        return;
    while (!__atomic_load_n(&self.handed, __ATOMIC_ACQUIRE))
        notification_wait(self.thread->park, DEADLINE_NEVER);
}

void mutex_lock(struct mutex *m)
{
    uintptr_t state = 0;

    if (!exchange(m, &state, HELD))
        wait_for(m, state);
}

/* Takes the oldest waiter off the list that `youngest` begins. */
static struct waiter *take_oldest(struct mutex *m, uintptr_t youngest)
{
    struct waiter *younger = NULL, *w = (struct waiter *)youngest;

    while (w->older != HELD) {
        younger = w;
        w = (struct waiter *)w->older;
    }
    if (younger == NULL) {
        if (exchange(m, &youngest, HELD))
            return w;
        /* Others came meanwhile: w is the oldest of several now. */
        younger = (struct waiter *)youngest;
        while (younger->older != (uintptr_t)w)
            younger = (struct waiter *)younger->older;
    }
    younger->older = HELD;
    return w;
}

void mutex_unlock(struct mutex *m)
{
    uintptr_t state = HELD;
    struct waiter *w;
    cap_t park;

    if (exchange(m, &state, 0))
        return;
    w = take_oldest(m, state);
    park = w->thread->park; /* *w is gone once it has been handed over */
    __atomic_store_n(&w->handed, 1, __ATOMIC_RELEASE);
    notification_signal(park);
}
