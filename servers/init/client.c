/*
 * A server knows its clients by badge alone. It may ask who one is and what the
 * policy lets it do in the network; about a component that uses nothing of it,
 * it learns nothing, not even that there is one (R2).
 */
#include "servers/init/client.h"

#include <string.h>

#include <cordon/cordon.h>

/* The use that decides: the first of these two with a network, else the first.
 * NULL: there is none. */
static const struct manifest_use *find_use(const struct component *client,
                                           const struct component *server)
{
    const struct manifest_range *uses = &client->policy->uses;
    const struct manifest_use *first = NULL;

    for (uint32_t i = uses->first; i < uses->first + uses->count; i++) {
        if (manifest.uses[i].from != server->number)
            continue;
        if (manifest_network_of(&manifest, i) != NULL)
            return &manifest.uses[i];
        if (first == NULL)
            first = &manifest.uses[i];
    }
    return first;
}

static void fill_network(struct service_client *out,
                         const struct manifest_network *n)
{
    out->has_network = true;
    out->sockets = n->sockets;
    out->names = n->names != 0;
    out->memory = n->memory;
    out->rule_count = n->rules.count;
    memcpy(out->rules, &manifest.rules[n->rules.first],
           n->rules.count * sizeof out->rules[0]);
}

void client_serve(const struct component *server, struct message *m)
{
    uint64_t badge = message_get(m) & ~SERVICE_BADGE_WRITE;
    const struct manifest_use *use = NULL;
    const struct manifest_network *network;
    struct service_client out;

    if (!message_end(m)) {
        message_begin(m, SERVICE_BAD_REQUEST);
        return;
    }
    if (badge >= 1 && badge <= component_count)
        use = find_use(&components[badge - 1], server);
    if (use == NULL) {
        message_begin(m, SERVICE_DENIED);
        return;
    }
    memset(&out, 0, sizeof out);
    strncpy(out.name, components[badge - 1].name, sizeof out.name - 1);
    out.write = use->access == MANIFEST_ACCESS_WRITE;
    network = manifest_network_of(&manifest, (uint32_t)(use - manifest.uses));
    if (network != NULL)
        fill_network(&out, network);
    message_begin(m, SERVICE_OK);
    message_put_bytes(m, &out, sizeof out);
}
