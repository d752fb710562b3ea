/*
 * Matching of network rules (docs/policy.md, `network`). Nothing is allowed
 * that no rule allows; each field of a rule that says nothing matches all.
 */
#include "servers/net/rules.h"

#include <string.h>

#define UNPRIVILEGED 1024u

void rules_unmap(struct net_address *a)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    if (a->family != 6 || memcmp(a->address, mapped, sizeof(mapped)) != 0)
        return;
    a->family = 4;
    memcpy(a->address, a->address + 12, 4);
    memset(a->address + 4, 0, 12);
}

static bool is_of_protocol(const struct manifest_network_rule *r,
                           uint8_t action, uint8_t protocol, uint16_t port)
{
    return r->action == action &&
           (r->protocol == MANIFEST_PROTOCOL_ANY || r->protocol == protocol) &&
           port >= r->port_first && port <= r->port_last;
}

/* Do the first `bits` bits agree? */
static bool is_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned bytes = bits / 8, rest = bits % 8;

    return memcmp(a, b, bytes) == 0 &&
           (rest == 0 || ((a[bytes] ^ b[bytes]) >> (8 - rest)) == 0);
}

static bool is_address(const struct manifest_network_rule *r,
                       const struct net_address *a)
{
    if (r->family == 0)
        return true;
    return r->family == a->family && r->prefix <= (r->family == 4 ? 32 : 128) &&
           is_prefix(r->address, a->address, r->prefix);
}

static const struct manifest_network_rule *
rules_end(const struct service_client *c)
{
    return c->rules + (c->rule_count < MANIFEST_NETWORK_RULES_MAX
                           ? c->rule_count
                           : MANIFEST_NETWORK_RULES_MAX);
}

bool rules_listen(const struct service_client *c, uint8_t protocol,
                  uint16_t port)
{
    const struct manifest_network_rule *r, *end = rules_end(c);

#ifdef MUTATION_no_network_rules
    return true;
#endif
    for (r = c->rules; r < end; r++)
        if (is_of_protocol(r, MANIFEST_NETWORK_LISTEN, protocol, port))
            return port != 0;
    return false;
}

bool rules_connect(const struct service_client *c, uint8_t protocol,
                   const struct net_address *peer)
{
    const struct manifest_network_rule *r, *end = rules_end(c);
    uint16_t port = protocol == MANIFEST_PROTOCOL_ICMP ? 0 : peer->port;
    struct net_address at = *peer;

    rules_unmap(&at);
    if (at.family != 4 && at.family != 6)
        return false;
#ifdef MUTATION_no_network_rules
    return true;
#endif
    for (r = c->rules; r < end; r++)
        if (is_of_protocol(r, MANIFEST_NETWORK_CONNECT, protocol, port) &&
            is_address(r, &at))
            return true;
    return false;
}

bool rules_any(const struct service_client *c, uint8_t action)
{
    const struct manifest_network_rule *r, *end = rules_end(c);

    for (r = c->rules; r < end; r++)
        if (r->action == action)
            return true;
    return false;
}

/* A port of the rule from `low` on, or 0. */
static uint16_t port_of(const struct manifest_network_rule *r, uint8_t protocol,
                        uint32_t low, uint32_t random)
{
    uint32_t first = r->port_first > low ? r->port_first : low;

    if (r->action != MANIFEST_NETWORK_LISTEN || r->port_last < first ||
        (r->protocol != MANIFEST_PROTOCOL_ANY && r->protocol != protocol))
        return 0;
    return (uint16_t)(first + random % (r->port_last - first + 1));
}

uint16_t rules_port(const struct service_client *c, uint8_t protocol,
                    uint32_t random)
{
    const struct manifest_network_rule *r, *end = rules_end(c);
    uint16_t port = 0;

    for (r = c->rules; r < end && port == 0; r++)
        port = port_of(r, protocol, RULES_DYNAMIC, random);
    for (r = c->rules; r < end && port == 0; r++)
        port = port_of(r, protocol, UNPRIVILEGED, random);
    return port;
}
