/*
 * Telling the server and waiting for it: a word of bits in each direction, and
 * a signal only for a side that says it sleeps.
 */
#include "libsys/net_internal.h"

static unsigned words(const struct net *net)
{
    return (net->shape.sockets + 63) / 64;
}

/* Shows what there is to do. True: the server sleeps and must be signalled.
 * The atomic or orders what was written before it, and this look after it. */
static bool tell(struct net *net)
{
    struct net_side *server = &net->shared->server;
    bool told = false;

    for (unsigned i = 0; i < words(net); i++) {
        if (net->tell[i] == 0)
            continue;
        __atomic_fetch_or(&server->work[i], net->tell[i], __ATOMIC_SEQ_CST);
        net->tell[i] = 0;
        told = true;
    }
    return told && __atomic_load_n(&server->sleeps, __ATOMIC_SEQ_CST) != 0 &&
           __atomic_exchange_n(&server->sleeps, 0, __ATOMIC_SEQ_CST) != 0;
}

void net_kick(struct net *net)
{
    if (net->state == NET_OK && tell(net) &&
        notification_signal(net->kick).status != OK)
        net->state = NET_E_GONE;
}

/* The server's Notification dies with it: then its slot here is empty. */
bool net_check(struct net *net)
{
    if (net->state == NET_OK) {
        struct result r = captable_info(STARTUP_CAPTABLE, net->kick);

        if (r.status != OK || r.r[0] != CAP_NOTIFICATION)
            net->state = NET_E_GONE;
    }
    return net->state == NET_OK;
}

/* Takes the server's bits over. True: there are some, now or from before. */
static bool news_take(struct net *net)
{
    uint64_t any = 0;

    for (unsigned i = 0; i < words(net); i++) {
        uint64_t *work = &net->shared->client.work[i];

        if (__atomic_load_n(work, __ATOMIC_SEQ_CST) != 0)
            net->news[i] |= __atomic_exchange_n(work, 0, __ATOMIC_SEQ_CST);
        net->news[i] &= net->open[i];
        any |= net->news[i];
    }
    return any != 0;
}

int net_news(struct net *net)
{
    if (net->state != NET_OK || !news_take(net))
        return -1;
    for (unsigned i = 0; i < words(net); i++) {
        unsigned bit;

        if (net->news[i] == 0)
            continue;
        bit = (unsigned)__builtin_ctzll(net->news[i]);
        net->news[i] &= net->news[i] - 1;
        return (int)(64 * i + bit);
    }
    return -1;
}

void net_news_forget(struct net *net)
{
    for (unsigned i = 0; i < words(net); i++)
        net->news[i] = 0;
}

bool net_sleep(struct net *net)
{
    if (net->state != NET_OK)
        return false;
    __atomic_store_n(&net->shared->client.sleeps, 1, __ATOMIC_SEQ_CST);
    if (!news_take(net))
        return true;
    net_awake(net);
    return false;
}

void net_awake(struct net *net)
{
    if (net->state != NET_E_GONE)
        __atomic_store_n(&net->shared->client.sleeps, 0, __ATOMIC_RELAXED);
}

bool net_tell(struct net *net)
{
    return net->state == NET_OK && tell(net);
}

uint64_t net_doze(const struct net *net, bool kick, uint64_t deadline)
{
    uint64_t look = clock_after(NET_LOOK);

    if (deadline > look)
        deadline = look;
    if (kick)
        return notification_signal_wait(net->kick, net->wake, deadline).status;
    return notification_wait(net->wake, deadline).status;
}

bool net_woken(struct net *net, uint64_t status)
{
    if (status != OK && !net_check(net))
        return true;
    net_awake(net);
    return news_take(net);
}

bool net_wait(struct net *net, uint64_t deadline)
{
    if (deadline == DEADLINE_POLL) {
        net_kick(net);
        return net->state != NET_OK || news_take(net);
    }
    do {
        if (!net_sleep(net)) {
            net_kick(net);
            return true;
        }
        if (net_woken(net, net_doze(net, tell(net), deadline)))
            return true;
    } while (clock_now() < deadline);
    return false;
}
