/*
 * Two pairs of threads that call and reply between address spaces, on two CPUs,
 * against one pair on one, in wall time: short windows with one pair and with
 * both take turns, so that in some of them the host does nothing else. A line
 * `pairs N CALLS NS` comes after each.
 */
#include "../../bench/mark.h"
#include "../bench/bench.h"

#define WINDOWS   100
#define WINDOW_NS 10000000ul
#define WATCH_NS  50000000ul

enum {
    FIRST_ENDPOINT = 330 + 200,
    SECOND_ENDPOINT,
    FIRST_REPLY,
    SECOND_REPLY,
};

/* Each written by its own CPU alone, two cache lines apart. */
static struct {
    volatile uint64_t calls;
    char pad[120];
} counters[2] __attribute__((aligned(128)));

static inline __attribute__((always_inline)) void serve(cap_t endpoint,
                                                        cap_t reply)
{
    kernel_invoke(OP_ENDPOINT_RECEIVE, endpoint, 0, 0, 0, 0, 0, reply,
                  DEADLINE_NEVER);
    for (;;)
        kernel_invoke(OP_REPLY_RECEIVE, endpoint, 0, 0, 0, 0, 0, reply,
                      DEADLINE_NEVER);
}

static inline __attribute__((always_inline)) void ask(unsigned n,
                                                      cap_t endpoint)
{
    for (;;)
        if (kernel_invoke(OP_ENDPOINT_CALL, endpoint, 0, 0, 0, 0, 0, 0,
                          DEADLINE_NEVER)
                .status == OK)
            counters[n].calls++;
}

static void first_server(void)
{
    serve(FIRST_ENDPOINT, FIRST_REPLY);
}

static void second_server(void)
{
    serve(SECOND_ENDPOINT, SECOND_REPLY);
}

static void first_client(void)
{
    ask(0, FIRST_ENDPOINT);
}

static void second_client(void)
{
    ask(1, SECOND_ENDPOINT);
}

static void print_number(uint64_t n)
{
    char digits[21] = {0}, *at = digits + 20;

    do
        *--at = (char)('0' + n % 10);
    while (n /= 10);
    print(" ");
    print(at);
}

static uint64_t all_calls(void)
{
    return counters[0].calls + counters[1].calls;
}

/* Calls of all pairs, and how long the window really was. */
static void window(uint64_t pairs)
{
    uint64_t start = now(), before = all_calls(), calls, took;

    notification_wait(EVENTS, start + WINDOW_NS);
    calls = all_calls() - before;
    took = now() - start;
    print("pairs");
    print_number(pairs);
    print_number(calls);
    print_number(took);
    print("\n");
}

static void make(enum cap_type type, cap_t slot)
{
    check("make", untyped_retype(ram, type, 0, 1, 0, slot, 0).status, OK);
}

/* For tests/bench/shared.c: both pairs are calling; then one CPU asks the other
 * for something, which takes memory that both write. */
static void watched(void)
{
    notification_wait(EVENTS, now() + WATCH_NS);
    MARK(MARK_CALLS);
    notification_wait(EVENTS, now() + WATCH_NS);
    MARK(MARK_CALLS + 1);
    MARK(MARK_SUSPEND);
    check("suspend", thread_suspend(worker_thread(3)).status, OK);
    MARK(MARK_SUSPEND + 1);
    check("resume", thread_resume(worker_thread(3)).status, OK);
}

void run_tests(void)
{
    check("two CPUs", boot->cpus >= 2, 1);
    peer_space_make();
    make(CAP_NOTIFICATION, EVENTS);
    make(CAP_ENDPOINT, FIRST_ENDPOINT);
    make(CAP_ENDPOINT, SECOND_ENDPOINT);
    make(CAP_REPLY, FIRST_REPLY);
    make(CAP_REPLY, SECOND_REPLY);
    peer_start(0, first_server, 120, 0, 0);
    peer_start(1, second_server, 120, 0, 1);
    worker_start(2, first_client, 100, 0);
    worker_start(3, second_client, 100, 1);
    watched();
    for (int i = 0; i < WINDOWS; i++) {
        check("suspend", thread_suspend(worker_thread(3)).status, OK);
        window(1);
        check("resume", thread_resume(worker_thread(3)).status, OK);
        window(2);
    }
    check("calls", counters[0].calls != 0 && counters[1].calls != 0, 1);
}
