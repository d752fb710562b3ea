/*
 * Threads of one process: one that waits keeps nobody from working, and a
 * socket that another closes ends the wait.
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cordon/clock.h>
#include <cordon/thread.h>

#include "tests/component/nettest/nettest.h"

#define STACK  (32u << 10)
#define ROUNDS 200

struct wait {
    int fd, error;
    ssize_t received;
    volatile bool begun, ended;
};

static void receive(void *argument)
{
    struct wait *w = argument;
    char byte;

    w->begun = true;
    w->received = recv(w->fd, &byte, 1, 0);
    w->error = errno;
    w->ended = true;
}

static void poll_for(void *argument)
{
    struct wait *w = argument;
    struct pollfd p = {w->fd, POLLIN, 0};

    w->begun = true;
    w->received = poll(&p, 1, 20000);
    w->error = p.revents;
    w->ended = true;
}

static struct thread *begin(void (*run)(void *), struct wait *w)
{
    static unsigned cpu;
    static cap_t context; /* the one that the policy gives, again and again */
    struct thread *t;

    context = context != 0 ? context : thread_context(&cpu);
    t = context ? thread_create(run, w, STACK, context, cpu, NULL) : NULL;

    while (t != NULL && !w->begun)
        usleep(1000);
    usleep(50000); /* it waits now, with luck */
    return t;
}

static bool end(struct thread *t)
{
    return thread_join(t, clock_after(20 * NS_PER_S)) == 0;
}

static const char *echo_meanwhile(int fd, const struct wait *w)
{
    char byte = 'm';

    for (int i = 0; i < ROUNDS; i++)
        EXPECT(send(fd, &byte, 1, 0) == 1 && recv(fd, &byte, 1, 0) == 1);
    EXPECT(!w->ended);
    return NULL;
}

/* The other thread waits for the echo of what only comes after all rounds. */
static const char *wait_and_work(void (*run)(void *), int waits, int works,
                                 struct wait *w)
{
    const char *failed;
    struct thread *t;

    *w = (struct wait){.fd = waits};
    t = begin(run, w);
    EXPECT(t != NULL);
    failed = echo_meanwhile(works, w);
    EXPECT(send(waits, "w", 1, 0) == 1 && end(t));
    return failed;
}

const char *role_threads(int argc, char **argv)
{
    const char *failed;
    struct thread *t;
    struct wait w;
    int a, b;

    EXPECT(argc == 2);
    a = connect_to(argv[0], argv[1], SOCK_STREAM);
    b = connect_to(argv[0], argv[1], SOCK_STREAM);
    EXPECT(a >= 0 && b >= 0);
    failed = wait_and_work(receive, a, b, &w);
    EXPECT(failed != NULL || w.received == 1);
    failed = failed ? failed : wait_and_work(poll_for, a, b, &w);
    EXPECT(failed != NULL || (w.received == 1 && w.error == POLLIN));
    if (failed != NULL)
        return failed;
    w = (struct wait){.fd = b};
    t = begin(receive, &w);
    EXPECT(t != NULL && close(b) == 0 && end(t));
    EXPECT(w.received == -1 && w.error == EBADF);
    EXPECT(close(a) == 0);
    return NULL;
}
