/*
 * Threads of one component: their own errno and storage, joining, mutexes
 * under contention, conditions, newlib's locks.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/component/selftest/selftest.h"

#define THREADS 3

static cap_t contexts[THREADS];
static unsigned cpus[THREADS];
static __thread int mine = 5;

/* The policy's spare contexts; they are used again and again. */
static bool take_contexts(void)
{
    for (int i = 0; i < THREADS; i++)
        if (contexts[i] == 0 && (contexts[i] = thread_context(&cpus[i])) == 0)
            return false;
    return true;
}

static bool run_all(void (*fn)(void *))
{
    struct thread *t[THREADS];
    bool ok = true;

    for (intptr_t i = 0; i < THREADS; i++) {
        t[i] = thread_create(fn, (void *)i, 32768, contexts[i], cpus[i], NULL);
        ok &= t[i] != NULL;
    }
    for (int i = 0; i < THREADS; i++)
        ok &=
            t[i] != NULL && thread_join(t[i], clock_after(20 * NS_PER_S)) == OK;
    return ok;
}

static int seen[THREADS];

static void own_things(void *arg)
{
    int i = (int)(intptr_t)arg;
    double x = 1.5 * i;

    errno = 100 + i;
    mine += i;
    clock_sleep(5 * NS_PER_MS);
    x = x * 2.0;
    seen[i] = errno == 100 + i && mine == 5 + i && x == 3.0 * i;
}

const char *test_threads(void)
{
    uint64_t left = 0;

    EXPECT(take_contexts());
    errno = 1;
    for (int round = 0; round < 4; round++) {
        memset(seen, 0, sizeof(seen));
        EXPECT(run_all(own_things));
        EXPECT(seen[0] && seen[1] && seen[2]);
        if (round == 1)
            left = memory_left();
    }
    EXPECT(errno == 1 && mine == 5);
    /* A thread costs its kernel objects anew, its Frames not. */
    EXPECT(left - memory_left() < 2 * THREADS * 8192);
    return NULL;
}

static struct mutex lock;
static struct condition changed;
static uint64_t turn, total;

static void take_turns(void *arg)
{
    uint64_t me = (uintptr_t)arg;

    for (int i = 0; i < 100; i++) {
        mutex_lock(&lock);
        while (turn % THREADS != me)
            condition_wait(&changed, &lock, DEADLINE_NEVER);
        turn++;
        condition_broadcast(&changed);
        mutex_unlock(&lock);
    }
}

static void contend(void *arg)
{
    (void)arg;
    for (int i = 0; i < 200; i++) {
        uint64_t before;

        mutex_lock(&lock);
        before = total;
        if (i % 10 == 0)
            clock_sleep(50 * NS_PER_US); /* the others queue up */
        total = before + 1;
        mutex_unlock(&lock);
    }
}

const char *test_conditions(void)
{
    uint64_t start = clock_now();

    EXPECT(run_all(take_turns) && turn == 100 * THREADS);
    EXPECT(run_all(contend) && total == 200 * THREADS);
    mutex_lock(&lock);
    EXPECT(condition_wait(&changed, &lock, clock_after(NS_PER_MS)) ==
           ERR_TIMEOUT);
    EXPECT(!mutex_try(&lock));
    mutex_unlock(&lock);
    EXPECT(clock_now() - start < 20 * NS_PER_S);
    return NULL;
}

static int bad;

static void use_malloc(void *arg)
{
    for (size_t i = 0; i < 2000; i++) {
        size_t bytes = 1 + (i * 37 + (uintptr_t)arg) % 900;
        unsigned char *p = malloc(bytes);

        if (p == NULL) {
            bad++;
            return;
        }
        memset(p, (int)i, bytes);
        if (i % 16 == 0)
            thread_pass();
        if (p[bytes - 1] != (i & 0xff))
            bad++;
        free(p);
    }
}

const char *test_locks(void)
{
    EXPECT(run_all(use_malloc) && bad == 0);
    return NULL;
}
