/*
 * A thread: registers, bindings, and where it stands in scheduling and in
 * message passing. It belongs to one CPU, which alone changes its state while
 * it is ready; whoever takes it off a queue, under that queue's lock, may
 * deliver to it and wake it.
 */
#pragma once

#include "kernel/arch/x86_64/fpu.h"
#include "kernel/arch/x86_64/regs.h"
#include "kernel/cap.h"
#include "kernel/cpu.h"

struct captable;
struct endpoint;
struct notification;
struct reply;
struct sched_context;

enum thread_state {
    THREAD_STOPPED,
    THREAD_READY,
    THREAD_SENDING,   /* queued on an endpoint with a message */
    THREAD_RECEIVING, /* queued on an endpoint for a message */
    THREAD_CALLING,   /* its message was taken, the answer is out */
    THREAD_WAITING,   /* queued on a notification */
};

enum thread_binding {
    BIND_TABLE,
    BIND_SPACE,
    BIND_MESSAGE,
    BIND_FAULT,
    THREAD_BINDINGS
};

/* What other CPUs ask of a thread's CPU, through its inbox. */
enum thread_request {
    REQUEST_WAKE = 1,    /* a blocked thread became ready */
    REQUEST_CONTEXT = 8, /* its context came back or was refilled */
    REQUEST_FINISH = 16, /* finish its call with status `late` */
    REQUEST_STOP = 2,    /* take it off everything; then it is STOPPED */
    REQUEST_RECALL = 4,  /* give its donated context back to the lender */
};

/* Chain links of donation that one context may go through. */
#define DONATION_DEPTH 16

struct thread {
    struct object object;
    struct registers regs __attribute__((aligned(16)));

    /* Cached from the bindings; read without a lock on its own CPU. */
    struct cap *slots; /* of its CapTable */
    uint64_t slot_count;
    struct space *space;
    struct message_page *message;
    uint64_t fs_base;

    uint8_t state; /* enum thread_state */
    uint8_t cpu;
    bool faulted;   /* its message is a fault, not its registers */
    bool calling;   /* SENDING: wants an answer */
    bool queued;    /* on `endpoint` or `waits_for`, guarded by its lock */
    bool resumable; /* configured and has registers to start with */
    uint16_t sending_caps; /* SENDING: capabilities in the message */

    struct sched_context *context;  /* that it runs on: own or donated */
    struct sched_context *own;      /* bound to it */
    struct sched_context *lent;     /* given away in the call under way */
    struct reply *reply;            /* CALLING: holds us; RECEIVING: to fill */
    struct endpoint *endpoint;      /* queued here */
    struct notification *waits_for; /* queued here */
    struct notification *bound;     /* its events end a receive */
    struct thread *next, *prev;     /* in that queue */
    uint64_t badge;                 /* SENDING: of the capability used */
    uint64_t late;      /* CALLING: status, once its context is back */
    struct timer timer; /* deadline */

    /* The fault that a LABEL_FAULT message tells of. */
    uint64_t fault_kind, fault_address, fault_code;

    struct thread *inbox_next;
    uint32_t requests; /* enum thread_request, atomic */

    struct cap bindings[THREAD_BINDINGS];
    uint8_t fpu[FPU_AREA_SIZE] __attribute__((aligned(64)));
};
_Static_assert(sizeof(struct thread) <= PAGE_SIZE, "one page");
_Static_assert(offsetof(struct thread, regs) == THREAD_REGS, "entry.S");
_Static_assert((offsetof(struct thread, regs) + REGS_SIZE) % 16 == 0,
               "the CPU aligns the stack before it pushes a frame");

static inline __attribute__((always_inline)) struct cap_view
cap_view(const struct thread *thread, cap_t slot)
{
    if (__builtin_expect(slot >= thread->slot_count, 0))
        return (struct cap_view){0, 0};
    return cap_read(&thread->slots[slot]);
}

/* The slot itself, or NULL beyond the table. */
static inline struct cap *cap_slot(const struct thread *thread, cap_t slot)
{
    return slot && slot < thread->slot_count ? &thread->slots[slot] : NULL;
}

void thread_init(struct thread *thread);
/* Makes a blocked or new thread ready, on its CPU or through its inbox. */
void thread_wake(struct thread *thread);
/* Sets the deadline of the operation it is in. */
void thread_deadline(struct cpu *cpu, struct thread *thread, uint64_t deadline);
/*
 * Blocks the calling thread: it stops running on this CPU, and its deadline is
 * set. Comes before others can see it on a queue.
 */
void thread_block(struct cpu *cpu, struct thread *thread,
                  enum thread_state state, uint64_t deadline);
/* Ends a blocked operation with a status; the thread is off all queues. */
void thread_finish(struct thread *thread, uint64_t status);
/* Its deadline passed. */
void thread_timeout(struct thread *thread);
/*
 * Stops a thread wherever it is. STEP_AGAIN: its CPU has been asked; try
 * again until STEP_DONE.
 */
enum step thread_stop_step(struct thread *thread);
/* On the thread's own CPU: takes it off everything. False: a message to or
 * from it is in flight on another CPU; try again. */
bool thread_stop_here(struct thread *thread);
enum step thread_destroy_step(struct thread *thread);
enum step thread_binding_lost(struct thread *thread, unsigned role);
