/*
 * The connection under the sockets, and waiting. One thread at a time sleeps
 * for the server, without the mutex; when it is woken it wakes the others, who
 * look whether it was for them, and one of those sleeps on. So a thread that
 * waits for data keeps nobody from sending.
 */
#include <errno.h>
#include <stdlib.h>

#include "libsys/posix/socket.h"

#define SERVICE "net" /* as the policy calls it */

static struct mutex lock;
static struct socket_net *current;
static struct socket *unused;
static cap_t wake;

void socket_lock(void)
{
    mutex_lock(&lock);
}

void socket_unlock(void)
{
    mutex_unlock(&lock);
}

long socket_leave(long result)
{
    mutex_unlock(&lock);
    return posix_result(result);
}

struct socket *socket_enter(int fd)
{
    struct descriptor d;
    struct socket *s;

    if (!descriptor_get(fd, &d)) {
        errno = EBADF;
        return NULL;
    }
    if (d.operations != &socket_operations) {
        errno = ENOTSOCK;
        return NULL;
    }
    s = d.state;
    mutex_lock(&lock);
    if (s->use != NULL)
        return s;
    mutex_unlock(&lock); /* closed meanwhile */
    errno = EBADF;
    return NULL;
}

static void net_end(struct socket_net *use)
{
    net_close(use->net);
    free(use);
}

static int net_begin(struct socket_net **out)
{
    struct socket_net *use = calloc(1, sizeof(*use));
    struct net_options options = {0};
    int status;

    if (wake == 0)
        wake = object_make(CAP_NOTIFICATION, 0, NULL);
    if (use == NULL || wake == 0) {
        free(use);
        return -ENOBUFS;
    }
    options.wake = wake;
    status = net_open(SERVICE, &options, &use->net);
    if (status == NET_OK) {
        *out = use;
        return 0;
    }
    free(use);
    return status == NET_E_GONE ? -ENETDOWN : -net_error_errno(status);
}

int socket_net_take(struct socket_net **out)
{
    int error = 0;

    if (current != NULL && !net_check(current->net)) {
        if (current->users == 0)
            net_end(current);
        current = NULL;
    }
    if (current == NULL)
        error = net_begin(&current);
    if (error == 0) {
        current->users++;
        *out = current;
    }
    return error;
}

void socket_net_drop(struct socket_net *use)
{
    if (--use->users == 0 && use != current)
        net_end(use);
}

struct socket *socket_make(void)
{
    struct socket *s = unused;

    if (s == NULL)
        return calloc(1, sizeof(*s));
    unused = s->next;
    *s = (struct socket){0};
    return s;
}

void socket_free(struct socket *s)
{
    s->next = unused;
    unused = s;
}

static void happened(struct socket_net *use)
{
    use->turn++;
    if (use->waiting != 0)
        condition_broadcast(&use->changed);
}

void socket_wake(struct socket_net *use)
{
    happened(use);
    if (use->asleep)
        notification_signal(wake);
}

static void sleep_for_all(struct socket_net *use, uint64_t deadline)
{
    struct net *net = use->net;

    if (net_sleep(net)) {
        bool kick = net_tell(net);
        uint64_t status;

        use->asleep = true;
        mutex_unlock(&lock);
        status = net_doze(net, kick, deadline);
        mutex_lock(&lock);
        use->asleep = false;
        net_woken(net, status);
    } else {
        net_kick(net);
    }
    net_news_forget(net); /* everybody looks again */
    happened(use);
}

static void sleep_somehow(struct socket_net *use, uint64_t deadline)
{
    if (!use->asleep) {
        sleep_for_all(use, deadline);
        return;
    }
    net_kick(use->net);
    use->waiting++;
    condition_wait(&use->changed, &lock, deadline);
    use->waiting--;
}

int socket_wait(struct socket *s, uint64_t deadline)
{
    struct socket_net *use = s->use;

    if (deadline == DEADLINE_POLL || clock_now() >= deadline)
        return -EAGAIN;
    use->users++;
    s->waiters++;
    sleep_somehow(use, deadline);
    socket_net_drop(use);
    if (--s->waiters == 0 && s->use == NULL)
        socket_free(s);
    return s->use != NULL ? 0 : -EBADF;
}

void socket_poll_wait(void *state, uint64_t *seen, uint64_t deadline)
{
    struct socket *s = state;
    struct socket_net *use;

    mutex_lock(&lock);
    use = s->use;
    if (use != NULL) {
        use->users++;
        if (deadline != DEADLINE_POLL && use->turn == *seen)
            sleep_somehow(use, deadline);
        *seen = use->turn;
        socket_net_drop(use);
    }
    mutex_unlock(&lock);
}
