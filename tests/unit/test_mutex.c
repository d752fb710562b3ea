/*
 * Mutexes and conditions of libsys under real threads, on fake notifications:
 * exclusion, no lost hand-over, order of waiters, time-outs.
 *
 * libs: -lpthread
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sched.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/unit/fake_notification.h"

/* The sources themselves, because their system calls become fakes. */
#include "libsys/mutex.c"
#include "libsys/condition.c"

#define THREADS 4
#define ROUNDS  20000

static struct fake_notification bells[THREADS + 1];
static struct thread threads[THREADS + 1];
static __thread struct thread *self;

struct thread *thread_current(void)
{
    return self;
}

/* Makes the calling host thread the i-th of libsys. */
static void become(int i)
{
    pthread_mutex_init(&bells[i].mutex, NULL);
    pthread_cond_init(&bells[i].cond, NULL);
    bells[i].bits = 1; /* a stale signal must not matter */
    threads[i].park = (cap_t)&bells[i];
    self = &threads[i];
}

static struct mutex mutex;
static struct condition filled, emptied;
static uint64_t counter, inside;

static void *count(void *arg)
{
    become((int)(intptr_t)arg);
    for (int i = 0; i < ROUNDS; i++) {
        mutex_lock(&mutex);
        if (++inside != 1)
            abort();
        counter++;
        if (i % 64 == 0)
            sched_yield(); /* let the others queue up */
        inside--;
        mutex_unlock(&mutex);
    }
    return NULL;
}

static void one_at_a_time(void **state)
{
    pthread_t t[THREADS];

    (void)state;
    for (intptr_t i = 0; i < THREADS; i++)
        pthread_create(&t[i], NULL, count, (void *)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    assert_int_equal(counter, THREADS * ROUNDS);
    assert_int_equal(mutex.state, 0);
    assert_true(mutex_try(&mutex));
    assert_false(mutex_try(&mutex));
    mutex_unlock(&mutex);
}

static int order[THREADS], ordered;

static void *queue_up(void *arg)
{
    int i = (int)(intptr_t)arg;

    become(i);
    mutex_lock(&mutex);
    order[ordered++] = i;
    mutex_unlock(&mutex);
    return NULL;
}

/* Waits until the youngest waiter is not `before` any more. */
static uintptr_t wait_for_waiter(uintptr_t before)
{
    uintptr_t now;

    while ((now = __atomic_load_n(&mutex.state, __ATOMIC_ACQUIRE)) == before)
        sched_yield();
    return now;
}

static void first_come_first_served(void **state)
{
    pthread_t t[THREADS];
    uintptr_t youngest;

    (void)state;
    become(THREADS);
    mutex_lock(&mutex);
    youngest = mutex.state;
    for (intptr_t i = 0; i < THREADS; i++) {
        pthread_create(&t[i], NULL, queue_up, (void *)i);
        youngest = wait_for_waiter(youngest);
    }
    mutex_unlock(&mutex);
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(order[i], i);
}

static uint64_t box, sum;

static void *take_out(void *arg)
{
    become((int)(intptr_t)arg);
    for (int i = 0; i < ROUNDS / 10; i++) {
        mutex_lock(&mutex);
        while (box == 0)
            condition_wait(&filled, &mutex, DEADLINE_NEVER);
        sum += box;
        box = 0;
        condition_signal(&emptied);
        mutex_unlock(&mutex);
    }
    return NULL;
}

static void conditions_lose_nothing(void **state)
{
    pthread_t t[THREADS - 1];
    uint64_t want = 0;

    (void)state;
    become(THREADS);
    for (intptr_t i = 0; i < THREADS - 1; i++)
        pthread_create(&t[i], NULL, take_out, (void *)i);
    for (uint64_t i = 1; i <= (THREADS - 1) * (ROUNDS / 10); i++) {
        mutex_lock(&mutex);
        while (box != 0)
            condition_wait(&emptied, &mutex, DEADLINE_NEVER);
        box = i;
        want += i;
        condition_signal(&filled);
        mutex_unlock(&mutex);
    }
    for (int i = 0; i < THREADS - 1; i++)
        pthread_join(t[i], NULL);
    assert_int_equal(sum, want);
    assert_null(filled.first);
    assert_null(emptied.first);
}

static void waiting_ends_at_the_deadline(void **state)
{
    struct condition c = {0};
    struct timespec now;

    (void)state;
    become(THREADS);
    clock_gettime(CLOCK_REALTIME, &now);
    mutex_lock(&mutex);
    assert_int_equal(condition_wait(&c, &mutex,
                                    (uint64_t)now.tv_sec * 1000000000 +
                                        (uint64_t)now.tv_nsec + 5000000),
                     ERR_TIMEOUT);
    assert_null(c.first);
    assert_false(mutex_try(&mutex)); /* held again */
    mutex_unlock(&mutex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_at_a_time),
        cmocka_unit_test(first_come_first_served),
        cmocka_unit_test(conditions_lose_nothing),
        cmocka_unit_test(waiting_ends_at_the_deadline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
