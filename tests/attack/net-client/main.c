/* Argument: `server`, or the way to attack. */
#include "tests/attack/net-client/net_client.h"

#define NETWORK_WAIT (20 * NS_PER_S)

struct net *stack_open(void)
{
    const struct net_options options = {.sockets = ATTACK_SOCKETS,
                                        .send_bytes = ATTACK_RING,
                                        .receive_bytes = ATTACK_RING};
    struct net *net;
    int status = net_open("net", &options, &net);

    if (status != NET_OK) {
        say("the stack is gone: %s", net_error_text(status));
        say("done");
        clock_sleep_until(DEADLINE_NEVER);
    }
    return net;
}

bool stack_ended(struct net *net)
{
    struct message m;

    message_begin(&m, NET_CALL_NAMES);
    message_put(&m, 0);
    return net_call_endpoint(net->endpoint, &m, NS_PER_S) == NET_E_CORRUPT;
}

void stack_tell(struct net *net, unsigned word)
{
    __atomic_store_n(&net->shared->server.work[word], ~0ull, __ATOMIC_SEQ_CST);
    notification_signal(net->kick);
}

/* Until the machine has an address. */
static void network_wait(struct net *net)
{
    struct net_interface i = {0};
    uint64_t end = clock_after(NETWORK_WAIT);

    while (clock_now() < end && i.address[0] == 0) {
        clock_sleep(100 * NS_PER_MS);
        net_interface(net, &i);
    }
    if (i.address[0] == 0)
        attack_error("no address", 0);
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "positions";
    struct net *net;

    if (strcmp(way, "server") == 0)
        return server();
    attack_open();
    net = stack_open();
    network_wait(net);
    say("ready");
    clock_sleep(2 * NS_PER_S); /* the host finds out how it goes without us */
    net_close(net);
    if (strcmp(way, "records") == 0)
        records();
    else if (strcmp(way, "calls") == 0)
        calls();
    else if (strcmp(way, "rules") == 0)
        rules();
    else
        positions();
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
