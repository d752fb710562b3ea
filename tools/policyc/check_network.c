/*
 * Checks of what users of a service may do in the network. Whether the service
 * is a network's, only its server knows; others never ask.
 */
#include "check.h"

#include <cordon/manifest.h>
#include <string.h>

#include "network.h"

/* The first of the list before `i` that allows the same, or NULL. */
static const struct value *find_same(const struct list *rules, unsigned i)
{
    const struct value *rule = LIST_ITEM(*rules, struct value, i);

    for (unsigned k = 0; k < i && is_good(rule); k++) {
        const struct value *other = LIST_ITEM(*rules, struct value, k);

        if (is_good(other) && rule_is_same(&rule->rule, &other->rule))
            return other;
    }
    return NULL;
}

static void check_twice(struct report *r, const char *name,
                        const struct list *rules)
{
    for (unsigned i = 0; i < rules->count; i++) {
        const struct value *rule = LIST_ITEM(*rules, struct value, i);

        if (find_same(rules, i) == NULL)
            continue;
        report_error(r, rule->place, "%s: '%s' is allowed twice", name,
                     rule->text);
        report_hint(r, "remove one of the two");
    }
}

void check_network(struct report *r, const struct use *use)
{
    const struct network *n = use->network;

    if (n == NULL)
        return;
    if (is_good(&use->from) && strcmp(use->from.text, "init") == 0) {
        report_error(r, n->place, "network: init has none");
        report_hint(r, "write it where a network server is used");
    }
    if (n->listen.count + n->connect.count > MANIFEST_NETWORK_RULES_MAX) {
        report_error(r, n->place, "network: %u rules, at most %u",
                     n->listen.count + n->connect.count,
                     MANIFEST_NETWORK_RULES_MAX);
        report_hint(r, "join ports to ranges and addresses to prefixes");
    }
    check_twice(r, "listen", &n->listen);
    check_twice(r, "connect", &n->connect);
}

/* --- the server's memory --- */

/* Adds the use to the account `taken` of its server; reports the first that
 * does not fit. */
static void charge(struct report *r, const struct component *server,
                   const struct use *use, uint64_t *taken)
{
    const struct value *memory = &use->network->memory;
    uint64_t before = *taken;

    *taken += is_good(memory) ? memory->number : 0;
    if (*taken <= server->memory.number || before > server->memory.number)
        return;
    report_error(r, memory->place,
                 "memory: sockets of the users of %s may take %s, it has %s",
                 server->name.text,
                 value_print(r->arena, VALUE_SIZE, *taken, 0),
                 server->memory.text);
    report_hint(r, "raise the `memory` of %s, or lower this",
                server->name.text);
}

static void check_server(struct report *r, const struct policy *policy,
                         const struct component *server)
{
    uint64_t taken = 0;

    if (!is_good(&server->name) || !is_good(&server->memory))
        return;
    for (unsigned i = 0; i < policy->components.count; i++) {
        const struct component *c = policy_component(policy, i);

        for (unsigned k = 0; k < c->uses.count; k++) {
            const struct use *use = LIST_ITEM(c->uses, struct use, k);

            if (use->network != NULL && is_same_text(&use->from, &server->name))
                charge(r, server, use, &taken);
        }
    }
}

void check_socket_memory(struct report *r, const struct policy *policy)
{
    for (unsigned i = 0; i < policy->components.count; i++)
        check_server(r, policy, policy_component(policy, i));
}
