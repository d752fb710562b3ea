/* Call and reply between two address spaces; a fault to its handler. */
#include "bench.h"

#define PEER 0

static void make(void)
{
    check("endpoint",
          untyped_retype(ram, CAP_ENDPOINT, 0, 1, 0, ENDPOINT, 0).status, OK);
    check("reply", untyped_retype(ram, CAP_REPLY, 0, 1, 0, REPLY, 0).status,
          OK);
}

static void unmake(void)
{
    worker_end(PEER);
    check("delete", captable_delete(SLOT_CAPTABLE, ENDPOINT).status, OK);
    check("delete", captable_delete(SLOT_CAPTABLE, REPLY).status, OK);
}

/* Answers with as many words as came. */
static void server(void)
{
    struct result r;

    peer_message(PEER)->recv_slot = CARRIED;
    peer_message(PEER)->recv_count = 1;
    r = send_message(OP_ENDPOINT_RECEIVE, ENDPOINT, 0, 0, 0, REPLY,
                     DEADLINE_NEVER);
    for (;;)
        r = kernel_invoke(OP_REPLY_RECEIVE, ENDPOINT, TAG_WORDS(r.r[0]), r.r[1],
                          r.r[2], r.r[3], r.r[4], REPLY, DEADLINE_NEVER);
}

static void call(const char *name, uint64_t tag)
{
    struct figure figure;

    figure_start(&figure, name);
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start = cycles(), stop;
        struct result r = kernel_invoke(OP_ENDPOINT_CALL, ENDPOINT, tag, 1, 2,
                                        3, 4, 0, DEADLINE_NEVER);

        stop = cycles();
        figure_add(&figure, start, stop);
        check("call", r.status, OK);
        check("words", r.r[0], TAG_WORDS(tag));
        if (TAG_CAPS(tag))
            check("it arrived", captable_delete(SLOT_CAPTABLE, CARRIED).status,
                  OK);
    }
    figure_end(&figure, 1);
}

/* Divides by what is 0 until the handler has seen the fault. */
static void divider(void)
{
    struct figure figure;

    figure_start(&figure, "fault-and-back");
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start, stop;
        uint32_t low = 1, high = 0;

        SHARED->divisor = 0;
        start = cycles();
        __asm__ volatile("divl %2"
                         : "+a"(low), "+d"(high)
                         : "m"(SHARED->divisor)
                         : "cc");
        stop = cycles();
        figure_add(&figure, start, stop);
    }
    figure_end(&figure, 1);
    notification_signal(EVENTS);
    for (;;)
        ;
}

static void handler(void)
{
    struct result r = send_message(OP_ENDPOINT_RECEIVE, ENDPOINT, 0, 0, 0,
                                   REPLY, DEADLINE_NEVER);

    for (;;) {
        SHARED->divisor = 1;
        r = send_message(OP_REPLY_RECEIVE, ENDPOINT, TAG(FAULT_RESUME, 0, 0), 0,
                         0, REPLY, DEADLINE_NEVER);
    }
    (void)r;
}

static void bench_fault(void)
{
    make();
    check("events",
          untyped_retype(ram, CAP_NOTIFICATION, 0, 1, 0, EVENTS, 0).status, OK);
    worker_start(1, handler, 251, 0);
    peer_start(PEER, divider, 200, ENDPOINT, 0);
    check("it is done", notification_wait(EVENTS, DEADLINE_NEVER).status, OK);
    worker_end(1);
    unmake();
    check("delete", captable_delete(SLOT_CAPTABLE, EVENTS).status, OK);
}

void bench_messages(void)
{
    make();
    check("carried",
          untyped_retype(ram, CAP_NOTIFICATION, 0, 1, 0, SPARE, 0).status, OK);
    message->send_caps[0] = SPARE;
    message->send_rights[0] = RIGHTS_ALL;
    peer_start(PEER, server, 251, 0, 0);
    call("call-0-words", TAG(0, 0, 0));
    call("call-4-words", TAG(0, 4, 0));
    call("call-64-words", TAG(0, 64, 0));
    message->send_caps[0] = SPARE;
    message->send_rights[0] = RIGHTS_ALL;
    call("call-1-capability", TAG(0, 0, 1));
    unmake();
    check("delete", captable_delete(SLOT_CAPTABLE, SPARE).status, OK);
    bench_fault();
}
