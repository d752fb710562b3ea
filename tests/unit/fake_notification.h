/*
 * For tests of libsys on the host: notifications made of POSIX threads, in
 * place of the system calls. A capability is the address of a fake. Include it
 * before the source under test, whose calls it turns to the fakes.
 */
#pragma once

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include <cordon/syscalls.h>

struct fake_notification {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    uint64_t bits;
};

static inline struct result fake_signal(cap_t cap)
{
    struct fake_notification *n = (struct fake_notification *)cap;

    pthread_mutex_lock(&n->mutex);
    n->bits |= 1;
    pthread_cond_signal(&n->cond);
    pthread_mutex_unlock(&n->mutex);
    return (struct result){0};
}

/* A deadline is CLOCK_REALTIME here. */
static inline struct result fake_wait(cap_t cap, uint64_t deadline)
{
    struct fake_notification *n = (struct fake_notification *)cap;
    struct timespec t = {(time_t)(deadline / 1000000000),
                         (long)(deadline % 1000000000)};
    int error = 0;

    pthread_mutex_lock(&n->mutex);
    while (n->bits == 0 && error == 0)
        error = deadline == DEADLINE_NEVER
                    ? pthread_cond_wait(&n->cond, &n->mutex)
                    : pthread_cond_timedwait(&n->cond, &n->mutex, &t);
    n->bits = 0;
    pthread_mutex_unlock(&n->mutex);
    return (struct result){.status = error == 0 ? (uint64_t)OK
                                                : (uint64_t)ERR_TIMEOUT};
}

#define notification_signal fake_signal
#define notification_wait   fake_wait
