/*
 * Queues of blocked threads: circular lists whose head pointer lies in the
 * object waited for, guarded by that object's lock. A thread is on at most one.
 */
#pragma once

#include "kernel/thread.h"

/* Puts a thread behind the others. */
static inline void queue_put(struct thread **head, struct thread *thread)
{
    struct thread *first = *head;

    thread->queued = true;
    if (unlikely(first)) {
        thread->next = first;
        thread->prev = first->prev;
        thread->prev->next = thread;
        first->prev = thread;
    } else {
        thread->next = thread->prev = thread;
        *head = thread;
    }
}

/* Takes a thread off, wherever in the queue it stands. */
static inline void queue_take(struct thread **head, struct thread *thread)
{
    thread->queued = false;
    if (__builtin_expect(thread->next == thread, 1)) {
        *head = NULL;
        return;
    }
    thread->next->prev = thread->prev;
    thread->prev->next = thread->next;
    if (*head == thread)
        *head = thread->next;
}
