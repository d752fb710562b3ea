/*
 * Checks of services: every use meets an offer and nobody waits for himself in
 * a circle. What is left is an order in which everyone can start: whoever is
 * used first, and otherwise as the file has it.
 */
#include "check.h"

#include <cordon/manifest.h>
#include <string.h>

#define MAX MANIFEST_COMPONENTS_MAX

/* Why a component waits for another: it uses a service, or has a device. */
struct edge {
    int exists;
    struct place place;
    const char *why;
};

struct graph {
    struct report *report;
    const struct policy *policy;
    unsigned count;
    struct edge edges[MAX][MAX]; /* [user][used] */
    enum { NEW, OPEN, DONE } state[MAX];
    unsigned path[MAX];
    unsigned depth;
};

/* --- offers and uses --- */

static void check_offers(struct report *r, const struct component *c)
{
    for (unsigned i = 0; i < c->offers.count; i++)
        for (unsigned k = 0; k < i; k++) {
            const struct value *a = LIST_ITEM(c->offers, struct value, i);
            const struct value *b = LIST_ITEM(c->offers, struct value, k);

            if (!is_same_text(a, b))
                continue;
            report_error(r, a->place, "offers: '%s' twice", a->text);
            report_hint(r, "remove one of the two");
            break;
        }
}

/* 1 if `c` offers it. `names` gets the offers, for a hint. */
static int is_offered(const struct component *c, const char *service,
                      const char *names[16])
{
    for (unsigned i = 0; i < c->offers.count && i < 16; i++) {
        const struct value *offer = LIST_ITEM(c->offers, struct value, i);

        names[i] = is_good(offer) ? offer->text : NULL;
        if (names[i] != NULL && strcmp(names[i], service) == 0)
            return 1;
    }
    return 0;
}

static void report_no_offer(struct report *r, const struct policy *policy,
                            const struct use *use, const char *const *names,
                            unsigned count)
{
    const char *unused[16], *nearest;

    report_error(r, use->service.place, "service '%s': %s does not offer it",
                 use->service.text, use->from.text);
    for (unsigned i = 0; i < policy->components.count; i++) {
        const struct component *c = policy_component(policy, i);

        if (is_good(&c->name) && is_offered(c, use->service.text, unused)) {
            report_hint(r, "%s does: write 'from: %s'", c->name.text,
                        c->name.text);
            return;
        }
    }
    nearest = nearest_word(use->service.text, names, count);
    if (nearest != NULL)
        report_hint(r, "did you mean '%s'?", nearest);
    else if (names == manifest_init_offers)
        report_hint(r, "init offers %s and %s", names[0], names[1]);
    else
        report_hint(r, "nobody does: add '%s' to the `offers` of %s",
                    use->service.text, use->from.text);
}

static void report_no_component(struct report *r, const struct policy *policy,
                                const struct use *use)
{
    const char *names[MAX + 1] = {"init"}, *nearest;

    for (unsigned i = 0; i < policy->components.count; i++)
        names[i + 1] = policy_component(policy, i)->name.text;
    nearest = nearest_word(use->from.text, names, policy->components.count + 1);
    report_error(r, use->from.place, "from: no component is called '%s'",
                 use->from.text);
    if (nearest != NULL)
        report_hint(r, "did you mean '%s'?", nearest);
    else
        report_hint(r, "write the `name` of a component, or init");
}

static void report_itself(struct report *r, const struct use *use)
{
    report_error(r, use->from.place, "from: '%s' uses itself", use->from.text);
    report_hint(r, "a component reaches its own parts by plain calls");
}

static void check_use(struct report *r, const struct policy *policy,
                      const struct component *c, const struct use *use)
{
    const char *offers[16] = {0};
    const struct component *from;

    if (!is_good(&use->service) || !is_good(&use->from))
        return;
    if (strcmp(use->from.text, "init") == 0) {
        for (unsigned i = 0; i < MANIFEST_INIT_OFFERS; i++)
            if (strcmp(use->service.text, manifest_init_offers[i]) == 0)
                return;
        report_no_offer(r, policy, use, manifest_init_offers,
                        MANIFEST_INIT_OFFERS);
        return;
    }
    from = policy_find(policy, use->from.text);
    if (from == NULL)
        report_no_component(r, policy, use);
    else if (from == c)
        report_itself(r, use);
    else if (!is_offered(from, use->service.text, offers))
        report_no_offer(r, policy, use, offers, 16);
}

/* Its name here: `as`, or the service's. */
static const struct value *alias(const struct use *use)
{
    return use->as.state == VALUE_ABSENT ? &use->service : &use->as;
}

static void check_uses(struct report *r, const struct policy *policy,
                       const struct component *c)
{
    for (unsigned i = 0; i < c->uses.count; i++) {
        const struct use *use = LIST_ITEM(c->uses, struct use, i);

        check_use(r, policy, c, use);
        check_network(r, use);
        for (unsigned k = 0; k < i; k++) {
            const struct use *other = LIST_ITEM(c->uses, struct use, k);

            if (!is_same_text(alias(use), alias(other)))
                continue;
            report_error(r, alias(use)->place,
                         "as: a second service is known as '%s' here",
                         alias(use)->text);
            report_hint(r,
                        "the first is on line %u; give one another name "
                        "with `as`",
                        alias(other)->place.line);
            break;
        }
    }
}

/* --- cycles --- */

static const char *name_of(const struct graph *g, unsigned i)
{
    const struct component *c = policy_component(g->policy, i);

    return is_good(&c->name) ? c->name.text : "?";
}

static void add_edge(struct graph *g, unsigned user, const struct component *to,
                     struct place place, const char *why)
{
    unsigned used;

    if (to == NULL)
        return;
    used = (unsigned)(to - policy_component(g->policy, 0));
    if (used != user && !g->edges[user][used].exists)
        g->edges[user][used] = (struct edge){1, place, why};
}

static void add_edges(struct graph *g, unsigned i)
{
    const struct component *c = policy_component(g->policy, i);

    for (unsigned k = 0; k < c->uses.count; k++) {
        const struct use *use = LIST_ITEM(c->uses, struct use, k);

        if (is_good(&use->from) && is_good(&use->service))
            add_edge(g, i, policy_find(g->policy, use->from.text), use->place,
                     arena_print(g->report->arena, "uses '%s' of",
                                 use->service.text));
    }
    if (c->devices.count != 0)
        add_edge(g, i, policy_role(g->policy, MANIFEST_ROLE_PCI_SERVER),
                 c->devices.place, "has a device and so needs");
}

/* The path from `back` to its end leads to `back` again. */
static void report_cycle(struct graph *g, unsigned back)
{
    unsigned user = g->path[g->depth - 1], start = 0;
    const char *text = "";

    while (g->path[start] != back)
        start++;
    for (unsigned i = start; i < g->depth; i++) {
        unsigned to = i + 1 < g->depth ? g->path[i + 1] : back;

        text = arena_print(g->report->arena, "%s%s%s %s %s", text,
                           i == start ? "" : ", ", name_of(g, g->path[i]),
                           g->edges[g->path[i]][to].why, name_of(g, to));
    }
    report_error(g->report, g->edges[user][back].place, "service cycle: %s",
                 text);
    report_hint(g->report, "none of them could start first: remove one use");
}

static void search_cycles(struct graph *g, unsigned i)
{
    g->state[i] = OPEN;
    g->path[g->depth++] = i;
    for (unsigned k = 0; k < g->count; k++) {
        if (!g->edges[i][k].exists)
            continue;
        if (g->state[k] == OPEN)
            report_cycle(g, k);
        else if (g->state[k] == NEW)
            search_cycles(g, k);
    }
    g->depth--;
    g->state[i] = DONE;
}

/* --- start order --- */

static int is_ready(const struct graph *g, unsigned i, const int *placed)
{
    for (unsigned k = 0; k < g->count; k++)
        if (g->edges[i][k].exists && !placed[k])
            return 0;
    return !placed[i];
}

/* Always the first of the file that can. With a cycle some are left out; then
 * no manifest is written. */
static void number_components(const struct graph *g)
{
    int placed[MAX] = {0};

    for (unsigned number = 0; number < g->count; number++)
        for (unsigned i = 0; i < g->count; i++)
            if (is_ready(g, i, placed)) {
                policy_component(g->policy, i)->start = number;
                placed[i] = 1;
                break;
            }
}

void check_services(struct report *r, struct policy *policy)
{
    struct graph *g = arena_alloc(r->arena, sizeof *g);

    g->report = r;
    g->policy = policy;
    g->count = policy->components.count;
    for (unsigned i = 0; i < g->count; i++) {
        check_offers(r, policy_component(policy, i));
        check_uses(r, policy, policy_component(policy, i));
        add_edges(g, i);
    }
    for (unsigned i = 0; i < g->count; i++)
        if (g->state[i] == NEW)
            search_cycles(g, i);
    number_components(g);
    check_socket_memory(r, policy);
}
