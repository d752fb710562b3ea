/*
 * The locks that newlib asks for (sys/lock.h, retargetable locking), on our
 * mutexes. Each may be taken again by the thread that holds it; newlib's
 * ordinary locks never are, so one kind serves both. libsys_locks_present
 * makes the linker take this file before it finds newlib's empty version.
 */
#include <stdlib.h>
#include <sys/lock.h>

#include "libsys/runtime.h"

struct __lock {
    struct mutex mutex;
    struct thread *holder;
    unsigned depth;
};

struct __lock __lock___arc4random_mutex, __lock___at_quick_exit_mutex,
    __lock___atexit_recursive_mutex, __lock___dd_hash_mutex,
    __lock___env_recursive_mutex, __lock___malloc_recursive_mutex,
    __lock___sfp_recursive_mutex, __lock___tz_mutex;

const int libsys_locks_present = 1;

static bool is_mine(const struct __lock *lock)
{
    return __atomic_load_n(&lock->holder, __ATOMIC_RELAXED) == thread_current();
}

static void hold(struct __lock *lock)
{
    __atomic_store_n(&lock->holder, thread_current(), __ATOMIC_RELAXED);
    lock->depth = 1;
}

void __retarget_lock_init(_LOCK_T *lock)
{
    *lock = calloc(1, sizeof(**lock));
    if (*lock == NULL)
        abort();
}

void __retarget_lock_close(_LOCK_T lock)
{
    free(lock);
}

void __retarget_lock_acquire(_LOCK_T lock)
{
    if (is_mine(lock)) {
        lock->depth++;
        return;
    }
    mutex_lock(&lock->mutex);
    hold(lock);
}

int __retarget_lock_try_acquire(_LOCK_T lock)
{
    if (is_mine(lock)) {
        lock->depth++;
        return 1;
    }
    if (!mutex_try(&lock->mutex))
        return 0;
    hold(lock);
    return 1;
}

void __retarget_lock_release(_LOCK_T lock)
{
    if (--lock->depth != 0)
        return;
    __atomic_store_n(&lock->holder, NULL, __ATOMIC_RELAXED);
    mutex_unlock(&lock->mutex);
}

void __retarget_lock_init_recursive(_LOCK_T *lock)
{
    __retarget_lock_init(lock);
}

void __retarget_lock_close_recursive(_LOCK_T lock)
{
    __retarget_lock_close(lock);
}

void __retarget_lock_acquire_recursive(_LOCK_T lock)
{
    __retarget_lock_acquire(lock);
}

int __retarget_lock_try_acquire_recursive(_LOCK_T lock)
{
    return __retarget_lock_try_acquire(lock);
}

void __retarget_lock_release_recursive(_LOCK_T lock)
{
    __retarget_lock_release(lock);
}
