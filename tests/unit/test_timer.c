/*
 * The timing wheel against a plain list: whatever is set, cancelled and let
 * pass, each timer expires once, never early, and at most a tick late.
 *
 * links: kernel/timer.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/timer.h"

#define TIMERS 200
#define TICK   (1ul << TIMER_TICK_BITS)

struct model {
    struct timer timer; /* first, so that a pointer to it is one to this */
    uint64_t deadline;
    bool set;
};

static struct timer_wheel wheel;
static struct model models[TIMERS];

static void expire_up_to(uint64_t now)
{
    for (;;) {
        unsigned budget = TIMER_BATCH;
        struct timer *timer = timer_expired(&wheel, now, &budget);

        if (timer) {
            struct model *m = (struct model *)timer;

            assert_true(m->set);
            assert_true(m->deadline <= now);
            m->set = false;
        } else if (budget) {
            break;
        }
    }
    for (unsigned i = 0; i < TIMERS; i++)
        if (models[i].set)
            assert_true(models[i].deadline + 2 * TICK > now);
}

static void reset(void)
{
    memset(&wheel, 0, sizeof(wheel));
    memset(models, 0, sizeof(models));
    timer_wheel_init(&wheel);
}

static uint64_t random_delay(void)
{
    uint64_t r = (uint64_t)random() << 31 ^ (uint64_t)random();

    return r >> (random() % 40 + 20);
}

static void test_random(void **state)
{
    uint64_t now = 123456789;

    (void)state;
    reset();
    srandom(7);
    for (unsigned round = 0; round < 200000; round++) {
        struct model *m = &models[random() % TIMERS];

        switch (random() % 4) {
        case 0:
        case 1:
            if (m->set)
                break;
            m->deadline = now + random_delay();
            m->set = true;
            timer_set(&wheel, &m->timer, m->deadline);
            break;
        case 2:
            timer_cancel(&wheel, &m->timer);
            m->set = false;
            break;
        default:
            now += random_delay() >> 4;
            expire_up_to(now);
        }
        for (unsigned i = 0; i < TIMERS; i++)
            if (models[i].set)
                assert_true(timer_next(&wheel) <=
                            models[i].deadline + 2 * TICK);
    }
    expire_up_to(~0ul >> 10);
    for (unsigned i = 0; i < TIMERS; i++)
        assert_false(models[i].set);
    assert_int_equal(timer_next(&wheel), ~0ul);
}

static void test_past_and_far(void **state)
{
    struct model *past = &models[0], *far = &models[1];

    (void)state;
    reset();
    expire_up_to(1000 * TICK);
    past->deadline = 5;
    far->deadline = 1ul << 57; /* about the farthest that a wheel holds */
    past->set = far->set = true;
    timer_set(&wheel, &past->timer, past->deadline);
    timer_set(&wheel, &far->timer, far->deadline);
    assert_true(timer_next(&wheel) <= 1001 * TICK);
    expire_up_to(1001 * TICK);
    assert_false(past->set);
    assert_true(timer_is_set(&far->timer));
    timer_cancel(&wheel, &far->timer);
    assert_false(timer_is_set(&far->timer));
}

static void test_many_at_once_are_spread(void **state)
{
    unsigned budget = TIMER_BATCH, expired = 0;

    (void)state;
    reset();
    for (unsigned i = 0; i < TIMERS; i++)
        timer_set(&wheel, &models[i].timer, 100 * TICK);
    while (timer_expired(&wheel, 200 * TICK, &budget))
        expired++;
    assert_int_equal(budget, 0);
    assert_true(expired > 0 && expired <= TIMER_BATCH);
    /* The rest is due at once, in the next interrupt. */
    assert_true(timer_next(&wheel) <= 200 * TICK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_past_and_far),
        cmocka_unit_test(test_many_at_once_are_spread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
