/*
 * Timers of one CPU: a hierarchical timing wheel of eight levels with 64
 * slots. Setting and cancelling are constant; a timer moves down at most once
 * a level. A tick is 1024 cycles of the time-stamp counter.
 */
#pragma once

#include "kernel/lock.h"

#define TIMER_LEVELS    8
#define TIMER_SLOTS     64
#define TIMER_TICK_BITS 10
/* Timers that one call of timer_advance moves or expires. */
#define TIMER_BATCH 32

enum timer_kind {
    TIMER_THREAD,       /* a blocked thread's deadline */
    TIMER_NOTIFICATION, /* events at a time */
    TIMER_BUDGET,       /* a scheduling context's next period */
    TIMER_IOMMU,        /* the end of a pause in taking faults */
};

struct timer {
    struct timer *next, *prev; /* circular list of its slot; NULL: not set */
    uint64_t tick;
    uint8_t kind; /* enum timer_kind */
    uint8_t level, slot;
};

struct timer_wheel {
    struct lock lock;
    uint64_t now;  /* tick up to which everything has expired */
    uint64_t next; /* TSC before which nothing expires; ~0: empty */
    uint64_t pending[TIMER_LEVELS]; /* bit per slot that holds timers */
    struct timer *slots[TIMER_LEVELS][TIMER_SLOTS];
};

/* An empty wheel; all other fields are zero. */
static inline void timer_wheel_init(struct timer_wheel *wheel)
{
    wheel->next = ~0ul;
}
/* Sets a timer that is not set; it expires at or after `tsc`. */
void timer_set(struct timer_wheel *wheel, struct timer *timer, uint64_t tsc);
/* Cancels it if it is set. */
void timer_cancel(struct timer_wheel *wheel, struct timer *timer);
/* When the wheel wants to be looked at next, in TSC; ~0: never. After a cancel
 * that may be too early. */
static inline uint64_t timer_next(const struct timer_wheel *wheel)
{
    return __atomic_load_n(&wheel->next, __ATOMIC_RELAXED);
}
/*
 * Takes the next expired timer off, or NULL. *budget counts down from
 * TIMER_BATCH over one interrupt; at 0 the rest waits for the next.
 */
struct timer *timer_expired(struct timer_wheel *wheel, uint64_t tsc,
                            unsigned *budget);

static inline bool timer_is_set(const struct timer *timer)
{
    return timer->next != NULL;
}
