/*
 * Conditions: a queue of waiting threads under a mutex of its own. A waiter
 * whose deadline passes takes itself out of the queue; if it is not there any
 * more, a signal came first and counts.
 */
#include <cordon/syscalls.h>

#include "libsys/runtime.h"

struct condition_waiter {
    struct condition_waiter *next;
    struct thread *thread;
    uint32_t woken;
};

static void append(struct condition *c, struct condition_waiter *w)
{
    void **link = &c->first;

    while (*link != NULL)
        link = (void **)&((struct condition_waiter *)*link)->next;
    *link = w;
}

/* True if it was still waiting. */
static bool withdraw(struct condition *c, struct condition_waiter *w)
{
    bool found;
    void **link = &c->first;

    mutex_lock(&c->lock);
    while (*link != NULL && *link != w)
        link = (void **)&((struct condition_waiter *)*link)->next;
    found = *link == w;
    if (found)
        *link = w->next;
    mutex_unlock(&c->lock);
    return found;
}

uint64_t condition_wait(struct condition *c, struct mutex *m, uint64_t deadline)
{
    struct condition_waiter self = {.thread = thread_current()};
    uint64_t status = OK;

    mutex_lock(&c->lock);
    append(c, &self);
    mutex_unlock(&c->lock);
    mutex_unlock(m);
    while (!__atomic_load_n(&self.woken, __ATOMIC_ACQUIRE)) {
        status = notification_wait(self.thread->park, deadline).status;
        if (STATUS_CODE(status) != ERR_TIMEOUT)
            continue;
        if (withdraw(c, &self))
            break;
        deadline = DEADLINE_NEVER; /* the signal is on its way */
    }
    if (self.woken)
        status = OK;
    mutex_lock(m);
    return status;
}

/* Under c->lock. The waiter is gone as soon as it reads `woken`. */
static bool wake_first(struct condition *c)
{
    struct condition_waiter *w = c->first;
    cap_t park;

    if (w == NULL)
        return false;
    c->first = w->next;
    park = w->thread->park;
    __atomic_store_n(&w->woken, 1, __ATOMIC_RELEASE);
    notification_signal(park);
    return true;
}

void condition_signal(struct condition *c)
{
    mutex_lock(&c->lock);
    wake_first(c);
    mutex_unlock(&c->lock);
}

void condition_broadcast(struct condition *c)
{
    mutex_lock(&c->lock);
    while (wake_first(c))
        ;
    mutex_unlock(&c->lock);
}
