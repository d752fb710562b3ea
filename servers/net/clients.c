/* Clients' calls, rings and sockets. */
#include "servers/net/clients.h"

#include <cordon/net_protocol.h>

bool clients_start(cap_t events)
{
    (void)events;
    return true;
}

void clients_call(struct service *service, struct message *m)
{
    (void)service;
    message_drop_caps(m);
    message_begin(m, NET_E_UNSUPPORTED);
}

bool clients_turn(void)
{
    return false;
}

bool clients_sleep(void)
{
    return true;
}

void clients_awake(void)
{
}
