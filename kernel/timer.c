/* The timing wheel: see timer.h. */
#include "kernel/timer.h"

#define LEVEL_BITS 6

static unsigned level_of(const struct timer_wheel *wheel, uint64_t tick)
{
    uint64_t differs = tick ^ wheel->now;
    unsigned level;

    if (!differs)
        return 0;
    level = (63 - (unsigned)__builtin_clzl(differs)) / LEVEL_BITS;
    return level < TIMER_LEVELS ? level : TIMER_LEVELS - 1;
}

static void put(struct timer_wheel *wheel, struct timer *timer)
{
    unsigned level = level_of(wheel, timer->tick);
    unsigned slot = (timer->tick >> (level * LEVEL_BITS)) % TIMER_SLOTS;
    struct timer **head = &wheel->slots[level][slot];

    timer->level = (uint8_t)level;
    timer->slot = (uint8_t)slot;
    if (*head) {
        timer->next = *head;
        timer->prev = (*head)->prev;
        timer->prev->next = timer;
        timer->next->prev = timer;
    } else {
        timer->next = timer->prev = timer;
        *head = timer;
    }
    wheel->pending[level] |= 1ul << slot;
}

static void take(struct timer_wheel *wheel, struct timer *timer)
{
    struct timer **head = &wheel->slots[timer->level][timer->slot];

    if (timer->next == timer) {
        *head = NULL;
        wheel->pending[timer->level] &= ~(1ul << timer->slot);
    } else {
        timer->next->prev = timer->prev;
        timer->prev->next = timer->next;
        if (*head == timer)
            *head = timer->next;
    }
    timer->next = NULL;
}

/* Ticks that the wheel can hold: further away is cut to the farthest. */
static uint64_t clamp(const struct timer_wheel *wheel, uint64_t tick)
{
    uint64_t last = wheel->now | ((1ul << (TIMER_LEVELS * LEVEL_BITS)) - 1);

    if (tick < wheel->now)
        return wheel->now;
    return tick > last ? last : tick;
}

void timer_set(struct timer_wheel *wheel, struct timer *timer, uint64_t tsc)
{
    uint64_t tick = tsc >> TIMER_TICK_BITS;

    lock_acquire(&wheel->lock);
    timer->tick = clamp(wheel, tick + 1);
    put(wheel, timer);
    if (timer->tick << TIMER_TICK_BITS < wheel->next)
        wheel->next = timer->tick << TIMER_TICK_BITS;
    lock_release(&wheel->lock);
}

void timer_cancel(struct timer_wheel *wheel, struct timer *timer)
{
    if (!timer_is_set(timer))
        return;
    lock_acquire(&wheel->lock);
    if (timer_is_set(timer))
        take(wheel, timer);
    lock_release(&wheel->lock);
}

/*
 * The slot that begins first, and the tick at which it does; NULL: none. Of
 * equals the highest level, so that its timers move down in time.
 */
static struct timer *first_slot(const struct timer_wheel *wheel,
                                uint64_t *begins)
{
    struct timer *first = NULL;

    for (unsigned level = 0; level < TIMER_LEVELS; level++) {
        unsigned shift = level * LEVEL_BITS;
        uint64_t slot, start;

        if (!wheel->pending[level])
            continue;
        /* Slots before the current one are empty: they would be past. */
        slot = (uint64_t)__builtin_ctzl(wheel->pending[level]);
        start = (wheel->now >> shift) / TIMER_SLOTS * TIMER_SLOTS + slot;
        start <<= shift;
        if (start < wheel->now)
            start = wheel->now;
        if (first && start > *begins)
            continue;
        first = wheel->slots[level][slot];
        *begins = start;
    }
    return first;
}

struct timer *timer_expired(struct timer_wheel *wheel, uint64_t tsc,
                            unsigned *budget)
{
    uint64_t now = tsc >> TIMER_TICK_BITS;
    struct timer *expired = NULL;
    uint64_t begins;

    lock_acquire(&wheel->lock);
    for (; *budget && !expired; (*budget)--) {
        struct timer *timer = first_slot(wheel, &begins);

        if (!timer || begins > now) {
            if (wheel->now < now)
                wheel->now = now;
            break;
        }
        wheel->now = begins;
        take(wheel, timer);
        if (timer->tick <= now)
            expired = timer;
        else
            put(wheel, timer); /* a level lower now */
    }
    wheel->next = first_slot(wheel, &begins) ? begins << TIMER_TICK_BITS : ~0ul;
    lock_release(&wheel->lock);
    return expired;
}
