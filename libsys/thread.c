/*
 * Threads. Everything a thread has lies in one range of addresses:
 *
 *   guard page | stack, growing down | TLS, struct thread | guard page
 *
 * The guards are never mapped, so running over an end is a fault and nothing
 * else. The message page is a Frame of its own, because the kernel wants one.
 *
 * Kernel objects do not go back into the Untyped one by one, so what an ended
 * thread had waits in a pool for the next one.
 */
#include <cordon/cordon.h>

#include <stdlib.h>
#include <string.h>

#include "libsys/runtime.h"

#define STACK_MIN (16ul << 10)

static struct thread first_thread;
static uint32_t contexts_taken;
static struct mutex contexts_lock;
static struct thread *pool; /* joined threads, ready for another function */
static struct mutex pool_lock;

uint64_t thread_start_first(const struct startup *s)
{
    struct thread *t = &first_thread;
    struct memory block;
    uint64_t status = memory_alloc(tls_bytes(), &block);

    if (status != OK)
        return status;
    t->thread = STARTUP_THREAD;
    t->message_frame = STARTUP_MESSAGE;
    t->page = (struct message_page *)s->message_address;
    t->park = object_make(CAP_NOTIFICATION, 0, &status);
    if (t->park == 0)
        return status;
    return thread_set_tls(STARTUP_THREAD, tls_fill(block.address, t)).status;
}

cap_t thread_self(void)
{
    return thread_current()->thread;
}

void thread_pass(void)
{
    thread_yield(thread_current()->thread);
}

cap_t thread_context(unsigned *cpu)
{
    const struct startup_cap *cap;

    mutex_lock(&contexts_lock);
    cap = startup_find(STARTUP_SPARE_CONTEXT, NULL, contexts_taken);
    if (cap != NULL)
        contexts_taken++;
    mutex_unlock(&contexts_lock);
    if (cap == NULL)
        return 0;
    *cpu = (unsigned)cap->base;
    return cap->slot;
}

static void run(struct thread *t)
{
    t->function(t->argument);
    thread_exit();
}

void thread_exit(void)
{
    struct thread *t = thread_current();

    if (t == &first_thread)
        exit(0);
    mutex_lock(&t->lock);
    t->finished = 1;
    condition_broadcast(&t->ended);
    mutex_unlock(&t->lock);
    for (;;) {
        thread_suspend(t->thread);
        notification_wait(t->park, DEADLINE_NEVER);
    }
}

/* The range of addresses, mapped but for its ends; struct thread within. */
static uint64_t map_range(size_t pages, struct thread **out)
{
    struct thread t = {.stack_count = pages};
    uint64_t status;
    bool used;

    t.range_bytes = (t.stack_count + 2) * PAGE_SIZE;
    status = frames_take(t.stack_count, PAGE_BITS, &t.stack_frames, &used);
    if (status != OK)
        return status;
    t.range = address_alloc(t.range_bytes, PAGE_SIZE);
    status = t.range == 0 ? (uint64_t)ERR_LIMIT
                          : memory_map_at(STARTUP_SPACE, t.stack_frames,
                                          t.stack_count, t.range + PAGE_SIZE,
                                          PAGE_BITS, MAP_READ | MAP_WRITE);
    if (status != OK) {
        frames_give(t.stack_frames, t.stack_count, PAGE_BITS);
        if (t.range != 0)
            address_free(t.range, t.range_bytes);
        return status;
    }
    if (used)
        memset((void *)(t.range + PAGE_SIZE), 0, t.range_bytes - 2 * PAGE_SIZE);
    *out = (struct thread *)((t.range + t.range_bytes - PAGE_SIZE - sizeof(t)) &
                             ~63ul);
    **out = t;
    return OK;
}

static uint64_t make_objects(struct thread *t)
{
    uint64_t status;
    struct memory page;

    t->thread = object_make(CAP_THREAD, 0, &status);
    if (t->thread == 0)
        return status;
    t->park = object_make(CAP_NOTIFICATION, 0, &status);
    if (t->park == 0)
        return status;
    status = memory_alloc_sized(PAGE_SIZE, PAGE_BITS, &page);
    if (status != OK)
        return status;
    t->page = page.address;
    t->message_frame = page.frames;
    return OK;
}

/* Everything back, of a thread that never ran. *t lies in what is unmapped. */
static void discard(struct thread *t)
{
    struct thread copy = *t;

    if (copy.thread != 0)
        cap_delete(copy.thread);
    if (copy.park != 0)
        cap_delete(copy.park);
    if (frames_unmap(STARTUP_SPACE, copy.stack_frames, copy.stack_count) ==
        OK) {
        address_free(copy.range, copy.range_bytes);
        frames_give(copy.stack_frames, copy.stack_count, PAGE_BITS);
    }
}

/* Where TLS begins and the stack ends. */
static uintptr_t tls_block(const struct thread *t)
{
    return ((uintptr_t)t - tls_bytes()) & ~63ul;
}

static uint64_t configure(struct thread *t, unsigned cpu)
{
    uint64_t status;

    if (t->configured && t->cpu == cpu)
        return OK;
    status = thread_configure(t->thread, STARTUP_CAPTABLE, STARTUP_SPACE,
                              t->message_frame, STARTUP_FAULT, cpu)
                 .status;
    t->configured = status == OK;
    t->cpu = cpu;
    return status;
}

static uint64_t launch(struct thread *t, unsigned cpu)
{
    uintptr_t block = tls_block(t);
    struct thread_registers regs = {
        .rip = (uintptr_t)run,
        .rdi = (uintptr_t)t,
        .rsp = (block & ~15ul) - 8, /* as after a call */
    };
    uint64_t status = configure(t, cpu);

    if (status == OK)
        status = sched_bind(t->context, t->thread).status;
    if (status != OK)
        return status;
    memset((void *)block, 0, (uintptr_t)t - block);
    regs.fs_base = tls_fill((void *)block, t);
    memcpy(message_page(), &regs, sizeof(regs));
    status = thread_write(t->thread, 1).status;
    if (status != OK)
        sched_unbind(t->context);
    return status;
}

/* The first in the pool whose stack is large enough, or NULL. */
static struct thread *pool_take(size_t pages)
{
    struct thread **link, *t;

    mutex_lock(&pool_lock);
    for (link = &pool; *link != NULL && (*link)->stack_count < pages;)
        link = &(*link)->next;
    t = *link;
    if (t != NULL)
        *link = t->next;
    mutex_unlock(&pool_lock);
    return t;
}

static void pool_give(struct thread *t)
{
    mutex_lock(&pool_lock);
    t->next = pool;
    pool = t;
    mutex_unlock(&pool_lock);
}

static uint64_t make(size_t pages, struct thread **out)
{
    uint64_t status = map_range(pages, out);

    if (status != OK)
        return status;
    status = make_objects(*out);
    if (status != OK)
        discard(*out);
    return status;
}

struct thread *thread_create(void (*fn)(void *), void *arg, size_t stack_bytes,
                             cap_t context, unsigned cpu, uint64_t *status)
{
    size_t bytes = (stack_bytes < STACK_MIN ? STACK_MIN : stack_bytes) +
                   tls_bytes() + sizeof(struct thread) + 64;
    size_t pages = (bytes + PAGE_SIZE - 1) / PAGE_SIZE;
    struct thread *t = pool_take(pages);
    uint64_t result = t == NULL ? make(pages, &t) : (uint64_t)OK;

    if (result == OK) {
        t->function = fn;
        t->argument = arg;
        t->context = context;
        t->finished = 0;
        result = launch(t, cpu);
        if (result != OK)
            pool_give(t);
    }
    if (status != NULL)
        *status = result;
    return result == OK ? t : NULL;
}

uint64_t thread_join(struct thread *t, uint64_t deadline)
{
    uint64_t status = OK;

    mutex_lock(&t->lock);
    while (!t->finished && status == OK)
        status = condition_wait(&t->ended, &t->lock, deadline);
    mutex_unlock(&t->lock);
    if (!t->finished)
        return status;
    thread_suspend(t->thread); /* it may still be on its way to that itself */
    sched_unbind(t->context);
    pool_give(t);
    return OK;
}
