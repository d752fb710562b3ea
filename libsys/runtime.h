/*
 * What the parts of libsys ask of each other and no component needs.
 */
#pragma once

#include <cordon/abi.h>
#include <cordon/startup.h>
#include <cordon/thread.h>

/* A thread as libsys knows it; lies above its stack, under its guard page. */
struct thread {
    cap_t thread;  /* Thread */
    cap_t park;    /* Notification that it waits on, for locks and sleep */
    cap_t context; /* SchedContext; 0: the component's first */
    cap_t message_frame;
    struct message_page *page;
    cap_t receive_run; /* empty slots for received capabilities, or 0 */
    void (*function)(void *);
    void *argument;
    uintptr_t range; /* addresses of stack and guards */
    size_t range_bytes;
    cap_t stack_frames;
    size_t stack_count;
    struct thread *next; /* in the pool */
    unsigned cpu;        /* that it is configured for */
    bool configured;
    uint32_t finished; /* function has returned */
    struct mutex lock; /* of finished */
    struct condition ended;
};

/* The calling thread. */
struct thread *thread_current(void);

/* Before the calling thread receives: says where capabilities may come to. */
struct thread *message_arm(void);
/* Makes *m what was received; on failure an empty message. Returns the status.
 */
struct message;
struct result;
uint64_t message_received(struct thread *t, struct message *m,
                          const struct result *r);

/* In the order in which crt0 calls them. */
void slots_start(const struct startup *s);
void memory_start(const struct startup *s);
uint64_t thread_start_first(const struct startup *s);

/*
 * init starts with struct boot_info instead of struct startup. It defines this
 * function, which fills a struct startup in and says with memory_source_set
 * where memory comes from; nothing but its own bare system calls works then.
 */
const struct startup *startup_from_boot_info(const struct boot_info *info);

/* Bytes of a thread-local block with its control block, and the alignment. */
size_t tls_bytes(void);
/* Fills a zeroed block (aligned to 64) in; returns the FS base. */
uintptr_t tls_fill(void *block, struct thread *t);

/*
 * Frames without a mapping: from the free list, else freshly retyped into
 * `count` consecutive slots. *used: they hold old contents, ours.
 */
uint64_t frames_take(size_t count, unsigned size_bits, cap_t *frames,
                     bool *used);
/* Puts unmapped Frames from which nothing is derived on the free list. */
void frames_give(cap_t frames, size_t count, unsigned size_bits);

/* Takes Frames out of a space, in batches. */
uint64_t frames_unmap(cap_t space, cap_t frames, size_t count);

/* Pulls our locks in before newlib's own can be found. */
extern const int libsys_locks_present;

/* Runs the first thread; never returns. */
_Noreturn void libsys_start(const void *info);

/* Ends the component: tells init, then waits to be destroyed. */
_Noreturn void component_exit(int status);
