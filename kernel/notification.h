/*
 * Notifications: a word of event bits, a queue of waiters, a timer, and
 * perhaps a thread whose receives they end. Signalling never blocks.
 */
#pragma once

#include "kernel/thread.h"

struct notification {
    struct object object;
    struct lock lock;
    uint64_t bits;
    struct thread *head;  /* waiters, circular */
    struct thread *bound; /* or NULL */
    struct timer timer;
    uint64_t timer_deadline; /* TSC of the next expiry */
    uint64_t timer_period;   /* TSC cycles; 0: one-shot */
    uint64_t timer_bits;
    uint8_t timer_cpu;
    bool timer_unseen;  /* expired; goes on when its bits are taken */
    struct cap binding; /* the bound Thread */
};

/* Sets bits (bit 0 if none) and wakes whoever waits for them. */
void notification_signal(struct notification *notification, uint64_t bits);
/* Signals the one that this capability names, with its badge, if any. */
static inline void notification_tell(const struct cap *binding)
{
    struct cap_view cap = cap_read(binding);

    if (word_type(cap.word) == CAP_NOTIFICATION)
        notification_signal(word_object(cap.word), cap.data);
}
/* Finds the notification in a slot that argument `arg` names, if it is there
 * with this right; else the error is set. */
bool notification_named(struct thread *self, uint64_t arg, cap_t slot,
                        unsigned right, struct cap_view *found);
/* Delivers bits that came before the bound thread began to receive. */
void notification_recheck(struct notification *notification);
/* Takes the bits of the thread's bound notification; 0: none are set. */
uint64_t notification_take(struct notification *notification);
bool notification_cancel(struct thread *thread);
void notification_expire(struct notification *notification);
enum step notification_destroy_step(struct notification *notification);
enum step notification_binding_lost(struct notification *notification);
/* Its events end nobody's receives any more. */
void notification_unbind(struct notification *notification);
