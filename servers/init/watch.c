/*
 * A component's fault, exit or first word reaches init as a message whose badge
 * is its number (R6). init answers first and acts then, on its own budget: the
 * component's, which came with the message, goes away with the component.
 */
#include "servers/init/watch.h"

#include <stdio.h>
#include <string.h>

#include <cordon/cordon.h>

#include "servers/init/client.h"
#include "servers/init/device.h"
#include "servers/init/fault_text.h"
#include "servers/init/life.h"
#include "servers/init/log.h"
#include "servers/init/monitor.h"
#include "servers/init/said.h"
#include "servers/init/spare.h"

#define SAID_MAX  200u   /* messages that a life may log */
#define ASK_FREE  10000u /* nanoseconds: what every question costs us */
#define ASK_PAUSE 20u

static cap_t reply;

int watch_open(void)
{
    own_endpoint = object_make(CAP_ENDPOINT, 0, NULL);
    reply = object_make(CAP_REPLY, 0, NULL);
    return own_endpoint != 0 && reply != 0 ? 0 : -1;
}

static void answer(struct message *m, uint64_t label)
{
    message_begin(m, label);
    message_reply(reply, m);
}

/* R7: one that talks without end does not push the others' lines out. */
static uint64_t hear(struct component *c, struct message *m)
{
    if (c->said == SAID_MAX)
        log_line("%s: has said enough in this life; the rest is not kept",
                 c->name);
    return c->said++ < SAID_MAX ? said_log(c->name, m) : SERVICE_TOO_LARGE;
}

static void life_message(struct component *c, struct message *m)
{
    uint64_t w[FAULT_WORDS];
    uint64_t label = m->label;

    if (label == LIFECYCLE_LOG) {
        answer(m, hear(c, m));
        return;
    }
    for (uint32_t i = 0; i < FAULT_WORDS; i++)
        w[i] = message_word(m, i);
    if (label == LIFECYCLE_READY) {
        c->ready = true;
        answer(m, SERVICE_OK);
        return;
    }
    if (label == LIFECYCLE_UNMAPPED) {
        answer(m, spare_return(c, w[0], w[1]));
        return;
    }
    if (label == LABEL_FAULT && spare_replace(c, w)) {
        answer(m, FAULT_RESUME);
        return;
    }
    answer(m, FAULT_STOP);
    if (c->state != MONITOR_RUNNING)
        return;
    if (label == LABEL_FAULT) {
        fault_text(w, c->text, sizeof c->text);
        life_stop(c, true);
    } else if (label == LIFECYCLE_EXIT) {
        snprintf(c->text, sizeof c->text, "exited with status %d",
                 (int)(int64_t)w[0]);
        life_stop(c, w[0] != 0);
    }
}

/* Of our own, not of what a caller has lent us. */
static uint64_t own_time(void)
{
    return sched_info(SLOT_SCHED_CONTEXT).r[0];
}

/*
 * A question is paid for by who asks. What is left to us, because its budget
 * ran out on the way or because it did not wait for the answer, it waits for
 * many times as long (R7).
 */
static void (*question(struct component *c, uint64_t purpose, struct message *m,
                       uint32_t *target))(struct component *)
{
    uint64_t before = own_time(), spent;
    void (*after)(struct component *) = NULL;

#ifndef MUTATION_no_question_pause
    if (clock_now() < c->ask_again) {
        message_begin(m, SERVICE_BUSY);
        return NULL;
    }
#endif
    if (purpose == BADGE_MONITOR)
        after = monitor_serve(m, target);
    else
        client_serve(c, m);
    spent = own_time() - before;
    if (spent > ASK_FREE)
        c->ask_again = clock_now() + ASK_PAUSE * spent;
    return after;
}

static void handle(struct message *m)
{
    uint64_t purpose = BADGE_PURPOSE(m->badge);
    uint32_t number = BADGE_NUMBER(m->badge);
    void (*after)(struct component * c) = NULL;
    uint32_t target = 0;

    message_drop_caps(m);
    if (m->label == LABEL_NOTIFICATION && m->badge == 0) {
        device_events(message_word(m, 0));
        return;
    }
    if (number >= component_count)
        return;
    switch (purpose) {
    case BADGE_LIFE:
        if (m->label != LIFECYCLE_CLIENT) {
            life_message(&components[number], m);
            return;
        }
        question(&components[number], purpose, m, &target);
        break;
    case BADGE_MONITOR:
        after = question(&components[number], purpose, m, &target);
        break;
    case BADGE_POWER:
        power_serve(m);
        break;
    default:
        message_begin(m, SERVICE_UNKNOWN);
    }
    message_reply(reply, m);
    if (after != NULL)
        after(&components[target]);
}

static void receive_one(uint64_t deadline)
{
    struct message m;
    uint64_t status = message_receive(own_endpoint, reply, &m, deadline);

    if (status == OK)
        handle(&m);
}

bool watch_until_ready(const struct component *c, uint64_t deadline)
{
    while (!c->ready && c->state == MONITOR_RUNNING && clock_now() < deadline)
        receive_one(deadline);
    return c->ready && c->state == MONITOR_RUNNING;
}

static uint64_t next_wake(const struct component *next)
{
    uint64_t at = device_next_look();

    return next != NULL && next->restart_at < at ? next->restart_at : at;
}

/* One start at a time, so that messages do not wait for more than one. */
void watch_run(void)
{
    for (;;) {
        struct component *next = life_next();

        receive_one(next_wake(next));
        device_look();
        if (next != NULL && next->state == MONITOR_WAITING &&
            next->restart_at <= clock_now())
            life_start(next);
    }
}
