/*
 * Names, and the machine's state on the network: for resolvers, consoles and
 * those whom the policy lets configure it.
 */
#include <string.h>

#include "libsys/net_internal.h"

#define RESOLVE_PATIENCE (25 * NS_PER_S) /* the server gives up after 20 s */

/* Touches nothing in *net but its endpoint, so that other threads may use it
 * meanwhile. */
int net_resolve(struct net *net, const char *name, unsigned family,
                struct net_address *out, unsigned max, unsigned *count)
{
    size_t length = strlen(name);
    struct net_address address;
    uint64_t answers;
    struct message m;
    int status;

    *count = 0;
    if (length == 0 || length > NET_NAME_MAX)
        return NET_E_NOT_FOUND;
    message_begin(&m, NET_CALL_RESOLVE);
    message_put(&m, family);
    message_put_bytes(&m, name, length);
    status = net_call_endpoint(net->endpoint, &m, RESOLVE_PATIENCE);
    if (status != NET_OK)
        return status;
    answers = message_get(&m);
    if (answers > NET_ANSWERS_MAX)
        return NET_E_CORRUPT;
    for (uint64_t i = 0; i < answers; i++) {
        if (message_get_bytes(&m, &address, sizeof(address)) !=
                sizeof(address) ||
            (address.family != 4 && address.family != 6))
            return NET_E_CORRUPT;
        if (*count < max)
            out[(*count)++] = address;
    }
    return message_end(&m) ? NET_OK : NET_E_CORRUPT;
}

/* An answer that is one structure. */
static int structure_ask(struct net *net, struct message *m, void *out,
                         size_t bytes)
{
    int status = net_call(net, m);

    if (status != NET_OK)
        return status;
    return message_get_bytes(m, out, bytes) == bytes && message_end(m)
               ? NET_OK
               : NET_E_CORRUPT;
}

static void text_end(char *text, size_t room)
{
    text[room - 1] = 0;
}

int net_interface(struct net *net, struct net_interface *out)
{
    struct message m;
    int status;

    message_begin(&m, NET_CALL_INTERFACE);
    status = structure_ask(net, &m, out, sizeof(*out));
    text_end(out->name, sizeof(out->name));
    text_end(out->device, sizeof(out->device));
    text_end(out->hostname, sizeof(out->hostname));
    return status;
}

int net_statistics(struct net *net, struct net_statistics *out)
{
    struct message m;

    message_begin(&m, NET_CALL_STATISTICS);
    return structure_ask(net, &m, out, sizeof(*out));
}

int net_list(struct net *net, uint64_t *position, struct net_socket_info *out)
{
    struct message m;
    int status;

    message_begin(&m, NET_CALL_LIST);
    message_put(&m, *position);
    status = net_call(net, &m);
    if (status != NET_OK)
        return status;
    *position = message_get(&m);
    if (message_get_bytes(&m, out, sizeof(*out)) != sizeof(*out) ||
        !message_end(&m))
        return NET_E_CORRUPT;
    text_end(out->owner, sizeof(out->owner));
    return NET_OK;
}

int net_configure(struct net *net, const struct net_configuration *what)
{
    struct message m;

    message_begin(&m, NET_CALL_CONFIGURE);
    message_put_bytes(&m, what, sizeof(*what));
    return net_call(net, &m);
}
