/*
 * Not an attack: another client of the stack, which sends back what it gets
 * (RFC 862).
 */
#include "tests/attack/net-client/net_client.h"

#define ECHO_PORT 7

/* As much as there is and has room; ends when the peer has, and all is back. */
static void send_back(struct net *net, unsigned socket)
{
    size_t came = 0, room = 0;
    const void *data = net_receive_data(net, socket, &came);
    void *space = net_send_space(net, socket, &room);

    while (data != NULL && space != NULL) {
        size_t bytes = came < room ? came : room;

        memcpy(space, data, bytes);
        net_receive_pass(net, socket, bytes);
        net_send_pass(net, socket, bytes);
        data = net_receive_data(net, socket, &came);
        space = net_send_space(net, socket, &room);
    }
    if ((net_events(net, socket) & NET_DEAD) != 0 ||
        ((net_events(net, socket) & NET_END) != 0 && data == NULL))
        net_socket_close(net, socket, false);
}

static void serve(struct net *net, unsigned listener)
{
    for (;;) {
        struct net_address peer;
        unsigned connection;
        int socket;

        net_wait(net, DEADLINE_NEVER);
        while ((socket = net_news(net)) >= 0) {
            if ((unsigned)socket != listener)
                send_back(net, (unsigned)socket);
            else
                while (net_accept(net, listener, &connection, &peer) == NET_OK)
                    send_back(net, connection);
        }
        net_kick(net);
        if (net_state(net) != NET_OK)
            return;
    }
}

int server(void)
{
    const struct net_address port = {.port = ECHO_PORT};
    unsigned listener;
    struct net *net;

    if (net_open("net", NULL, &net) != NET_OK ||
        net_socket(net, NET_TCP, 4, &listener) != NET_OK ||
        net_bind(net, listener, &port) != NET_OK ||
        net_listen(net, listener, 16) != NET_OK)
        return 1;
    service_ready();
    serve(net, listener);
    printf("server: %s\n", net_error_text(net_state(net)));
    return 1;
}
