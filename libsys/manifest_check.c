/*
 * Second half of the manifest's check: each record by itself, then what must
 * hold between records. manifest.c has seen to sizes and strings before.
 */
#include "manifest_check.h"

#include <string.h>

static int check_string(const struct manifest_check *c, const char *what,
                        uint32_t at)
{
    if (at >= c->m->header->string_bytes)
        return manifest_fail(c, "%s: string at %u, the table has %u bytes",
                             what, (unsigned)at,
                             (unsigned)c->m->header->string_bytes);
    return 0;
}

static int check_name(const struct manifest_check *c, const char *what,
                      uint32_t at)
{
    if (check_string(c, what, at))
        return -1;
    if (!manifest_is_name(manifest_string(c->m, at)))
        return manifest_fail(c, "%s: '%s' is not a name", what,
                             manifest_string(c->m, at));
    return 0;
}

/* --- records --- */

static int check_bound(const struct manifest_check *c, const char *what,
                       uint64_t value, uint64_t low, uint64_t high)
{
    if (value < low || value > high)
        return manifest_fail(c, "%s: %llu is not within %llu and %llu", what,
                             (unsigned long long)value, (unsigned long long)low,
                             (unsigned long long)high);
    return 0;
}

static int check_pages(const struct manifest_check *c, const char *what,
                       uint64_t value)
{
    if (value % MANIFEST_PAGE != 0)
        return manifest_fail(c, "%s: %llu is not a multiple of %u", what,
                             (unsigned long long)value, MANIFEST_PAGE);
    return 0;
}

static int check_component(struct manifest_check *c,
                           const struct manifest_component *r)
{
    c->line = r->line;
    if (check_name(c, "name", r->name) || check_name(c, "binary", r->binary) ||
        check_bound(c, "role", r->role, 0, MANIFEST_ROLES - 1) ||
        check_bound(c, "memory", r->memory, MANIFEST_MEMORY_MIN,
                    MANIFEST_MEMORY_MAX) ||
        check_pages(c, "memory", r->memory) ||
        check_bound(c, "period", r->period_ns, MANIFEST_PERIOD_MIN,
                    MANIFEST_PERIOD_MAX) ||
        check_bound(c, "budget", r->budget_ns, MANIFEST_BUDGET_MIN,
                    r->period_ns) ||
        check_bound(c, "cpu", r->cpu, 0, MANIFEST_CPUS_MAX - 1) ||
        check_bound(c, "priority", r->priority, MANIFEST_PRIORITY_MIN,
                    MANIFEST_PRIORITY_MAX) ||
        check_bound(c, "capabilities", r->capabilities,
                    MANIFEST_CAPABILITIES_MIN, MANIFEST_CAPABILITIES_MAX) ||
        check_bound(c, "threads", r->threads, 1, MANIFEST_THREADS_MAX) ||
        check_bound(c, "restart", r->restart, 0, MANIFEST_RESTARTS - 1) ||
        check_bound(c, "restart limit", r->restart_limit, 0,
                    MANIFEST_RESTART_LIMIT_MAX))
        return -1;
    if ((r->capabilities & (r->capabilities - 1)) != 0)
        return manifest_fail(c, "capabilities: %u is not a power of two",
                             (unsigned)r->capabilities);
    return 0;
}

static int check_device(struct manifest_check *c,
                        const struct manifest_device *r)
{
    static const uint32_t masks[] = {0xffffff, 0xffffffff, 0xffffffff};

    c->line = r->line;
    if (check_bound(c, "device selector", r->select, 0, MANIFEST_SELECTS - 1) ||
        check_bound(c, "index", r->index, 0, MANIFEST_DEVICE_INDEX_MAX) ||
        check_bound(c, "dma", r->dma, 0,
                    c->m->components[r->component].memory) ||
        check_pages(c, "dma", r->dma) ||
        check_bound(c, "interrupts", r->interrupts, 0,
                    MANIFEST_INTERRUPTS_MAX) ||
        check_bound(c, "rate", r->rate, 1, MANIFEST_RATE_MAX))
        return -1;
    if ((r->mask != masks[r->select] &&
         !(r->select == MANIFEST_SELECT_CLASS && r->mask == 0xffff00)) ||
        (r->value & ~r->mask) != 0)
        return manifest_fail(c, "device: value %x does not fit mask %x",
                             (unsigned)r->value, (unsigned)r->mask);
    return 0;
}

static int check_ioport(struct manifest_check *c,
                        const struct manifest_ioport *r)
{
    c->line = r->line;
    return check_bound(c, "last port", r->last, 0, 0xffff) ||
           check_bound(c, "first port", r->first, 0, r->last);
}

static int check_irq(struct manifest_check *c, const struct manifest_irq *r)
{
    c->line = r->line;
    return check_bound(c, "irq", r->input, 0, MANIFEST_IRQ_MAX);
}

static int check_offer(struct manifest_check *c, const struct manifest_offer *r)
{
    c->line = r->line;
    return check_name(c, "offer", r->service);
}

/* Only an earlier component may be used: that is what forbids cycles. */
static int check_use(struct manifest_check *c, const struct manifest_use *r)
{
    const struct manifest *m = c->m;
    const char *offered;

    c->line = r->line;
    if (check_name(c, "service", r->service) || check_name(c, "as", r->alias) ||
        check_bound(c, "access", r->access, 0, MANIFEST_ACCESSES - 1))
        return -1;
    if (r->from == MANIFEST_INIT) {
        if (check_bound(c, "init's offer", r->offer, 0,
                        MANIFEST_INIT_OFFERS - 1))
            return -1;
        offered = manifest_init_offers[r->offer];
    } else {
        if (r->from >= r->component)
            return manifest_fail(
                c, "component %u uses %u, which starts no earlier",
                (unsigned)r->component, (unsigned)r->from);
        if (r->offer >= c->m->header->offer_count ||
            m->offers[r->offer].component != r->from)
            return manifest_fail(c, "component %u does not make offer %u",
                                 (unsigned)r->from, (unsigned)r->offer);
        offered = manifest_string(m, m->offers[r->offer].service);
    }
    if (strcmp(offered, manifest_string(m, r->service)) != 0)
        return manifest_fail(c, "uses '%s', the offer is '%s'",
                             manifest_string(m, r->service), offered);
    return 0;
}

static int check_arg(struct manifest_check *c, const struct manifest_arg *r)
{
    c->line = r->line;
    return check_string(c, "argument", r->text);
}

/* Networks stand in the order of their uses, each with its part of the rules.
 */
static int check_network(struct manifest_check *c,
                         const struct manifest_network *r)
{
    uint32_t number = (uint32_t)(r - c->m->networks);
    uint32_t low = number == 0 ? 0 : r[-1].use + 1;
    uint32_t first = number == 0 ? 0 : r[-1].rules.first + r[-1].rules.count;

    c->line = r->line;
    if (r->use < low || r->use >= c->m->header->use_count)
        return manifest_fail(c, "network of use %u, expected %u to %u",
                             (unsigned)r->use, (unsigned)low,
                             (unsigned)c->m->header->use_count - 1);
    if (check_bound(c, "sockets", r->sockets, 1, MANIFEST_SOCKETS_MAX) ||
        check_bound(c, "names", r->names, 0, 1) ||
        check_bound(c, "socket memory", r->memory, MANIFEST_SOCKET_MEMORY_MIN,
                    MANIFEST_SOCKET_MEMORY_MAX) ||
        check_pages(c, "socket memory", r->memory) ||
        check_bound(c, "network rules", r->rules.count, 0,
                    MANIFEST_NETWORK_RULES_MAX) ||
        check_bound(c, "first network rule", r->rules.first, first, first) ||
        check_bound(c, "last network rule", first + r->rules.count, first,
                    c->m->header->rule_count))
        return -1;
    return 0;
}

static int is_zero_beyond(const struct manifest_network_rule *r)
{
    for (unsigned i = r->prefix; i < sizeof r->address * 8; i++)
        if ((r->address[i / 8] >> (7 - i % 8) & 1) != 0)
            return 0;
    return 1;
}

static int check_rule(struct manifest_check *c,
                      const struct manifest_network_rule *r)
{
    int has_ports = r->protocol == MANIFEST_PROTOCOL_TCP ||
                    r->protocol == MANIFEST_PROTOCOL_UDP;

    c->line = r->line;
    if (check_bound(c, "network action", r->action, MANIFEST_NETWORK_LISTEN,
                    MANIFEST_NETWORK_ACTIONS - 1))
        return -1;
    if (!has_ports && r->protocol != MANIFEST_PROTOCOL_ANY &&
        r->protocol != MANIFEST_PROTOCOL_ICMP)
        return manifest_fail(c, "protocol %u is none of 0, 1, 6, 17",
                             r->protocol);
    if (r->family != 0 && r->family != 4 && r->family != 6)
        return manifest_fail(c, "address family %u is none of 0, 4, 6",
                             r->family);
    if (check_bound(c, "prefix", r->prefix, 0,
                    r->family == 0   ? 0
                    : r->family == 4 ? 32
                                     : 128) ||
        check_bound(c, "first port", r->port_first, 0, r->port_last))
        return -1;
    if (!is_zero_beyond(r))
        return manifest_fail(c, "address has bits beyond its prefix, %u",
                             r->prefix);
    if ((!has_ports || r->port_first == 0) &&
        (r->port_first != 0 || r->port_last != 0xffff))
        return manifest_fail(c, "ports %u to %u of protocol %u", r->port_first,
                             r->port_last, r->protocol);
    if (r->action == MANIFEST_NETWORK_LISTEN &&
        (r->family != 0 || r->protocol == MANIFEST_PROTOCOL_ICMP))
        return manifest_fail(c, "listens on an address or with ICMP");
    return 0;
}

/* The networks' parts make up the whole table of rules. */
static int check_last_rule(struct manifest_check *c)
{
    const struct manifest_header *h = c->m->header;
    const struct manifest_network *last = c->m->networks + h->network_count - 1;
    uint32_t end =
        h->network_count == 0 ? 0 : last->rules.first + last->rules.count;

    if (end != h->rule_count)
        return manifest_fail(c, "rules that belong to nobody");
    return 0;
}

/* --- between records --- */

/* Each table is cut into one range per component, in order, without rest. */
#define CHECK_RANGES(c, plural, total)                                         \
    do {                                                                       \
        uint32_t next_ = 0;                                                    \
        for (uint32_t i_ = 0; i_ < (c)->m->header->component_count; i_++) {    \
            const struct manifest_range *r_ = &(c)->m->components[i_].plural;  \
            if (r_->first != next_ || r_->count > (total)-next_)               \
                return manifest_fail(                                          \
                    c, "component %u: wrong range of " #plural, (unsigned)i_); \
            next_ += r_->count;                                                \
            for (uint32_t k_ = r_->first; k_ < next_; k_++)                    \
                if ((c)->m->plural[k_].component != i_)                        \
                    return manifest_fail(c, #plural " %u: wrong component",    \
                                         (unsigned)k_);                        \
        }                                                                      \
        if (next_ != (total))                                                  \
            return manifest_fail(c, #plural " that belong to nobody");         \
    } while (0)

static int check_ranges(const struct manifest_check *c)
{
    CHECK_RANGES(c, devices, c->m->header->device_count);
    CHECK_RANGES(c, ioports, c->m->header->ioport_count);
    CHECK_RANGES(c, irqs, c->m->header->irq_count);
    CHECK_RANGES(c, offers, c->m->header->offer_count);
    CHECK_RANGES(c, uses, c->m->header->use_count);
    CHECK_RANGES(c, args, c->m->header->arg_count);
    return 0;
}

#define CHECK_EACH(c, plural, singular)                                        \
    for (uint32_t i = 0; i < (c)->m->header->singular##_count; i++)            \
        if (check_##singular(c, &(c)->m->plural[i]))                           \
    return -1

static int check_each(struct manifest_check *c)
{
    CHECK_EACH(c, components, component);
    CHECK_EACH(c, devices, device);
    CHECK_EACH(c, ioports, ioport);
    CHECK_EACH(c, irqs, irq);
    CHECK_EACH(c, offers, offer);
    CHECK_EACH(c, uses, use);
    CHECK_EACH(c, args, arg);
    CHECK_EACH(c, networks, network);
    CHECK_EACH(c, rules, rule);
    return 0;
}

/* What init has to put on the startup page and in the table fits. */
static int check_start(struct manifest_check *c,
                       const struct manifest_component *r)
{
    const struct manifest *m = c->m;
    uint32_t grants = manifest_grants(m, r);
    size_t bytes = strlen(manifest_string(m, r->name)) + 1;

    for (uint32_t i = 0; i < r->args.count; i++) {
        uint32_t text = m->args[r->args.first + i].text;

        bytes += strlen(manifest_string(m, text)) + 1;
    }
    c->line = r->line;
    if (check_bound(c, "capabilities at start", grants, 0,
                    MANIFEST_GRANTS_MAX) ||
        check_bound(c, "slots needed at start", MANIFEST_GRANTS_FIRST + grants,
                    0, r->capabilities) ||
        check_bound(c, "bytes of name and arguments", bytes, 0,
                    MANIFEST_ARG_BYTES_MAX) ||
        check_bound(c, "budget of each thread", r->budget_ns / r->threads,
                    MANIFEST_BUDGET_MIN, r->period_ns))
        return -1;
    if (r->role == MANIFEST_ROLE_PCI_SERVER && r->offers.count == 0)
        return manifest_fail(c, "the PCI server offers no service");
    return 0;
}

/* Names differ, a role has one holder, and the PCI server starts before every
 * component with a device. */
static int check_pairs(struct manifest_check *c)
{
    const struct manifest_component *all = c->m->components;
    int server_seen = 0;

    for (uint32_t i = 0; i < c->m->header->component_count; i++) {
        const char *name = manifest_component_name(c->m, i);

        if (check_start(c, &all[i]))
            return -1;
        if (strcmp(name, "init") == 0)
            return manifest_fail(c, "the name 'init' is taken");
        for (uint32_t k = 0; k < i; k++) {
            if (strcmp(name, manifest_component_name(c->m, k)) == 0)
                return manifest_fail(c, "second component '%s'", name);
            if (all[i].role != MANIFEST_ROLE_NONE && all[i].role == all[k].role)
                return manifest_fail(c, "second component with role %s",
                                     manifest_role_names[all[i].role]);
        }
        if (all[i].devices.count != 0 && !server_seen)
            return manifest_fail(
                c, "'%s' has a device, but no PCI server precedes it", name);
        server_seen |= all[i].role == MANIFEST_ROLE_PCI_SERVER;
    }
    return 0;
}

/* A component knows each service by another name, and offers each once. */
static int check_service_names(struct manifest_check *c)
{
    const struct manifest *m = c->m;

    for (uint32_t i = 1; i < m->header->use_count; i++)
        for (uint32_t k = i;
             k-- > 0 && m->uses[k].component == m->uses[i].component;) {
            const char *name = manifest_string(m, m->uses[i].alias);

            c->line = m->uses[i].line;
            if (strcmp(name, manifest_string(m, m->uses[k].alias)) == 0)
                return manifest_fail(
                    c, "a second service is known as '%s' here", name);
        }
    for (uint32_t i = 1; i < m->header->offer_count; i++)
        for (uint32_t k = i;
             k-- > 0 && m->offers[k].component == m->offers[i].component;) {
            const char *name = manifest_string(m, m->offers[i].service);

            c->line = m->offers[i].line;
            if (strcmp(name, manifest_string(m, m->offers[k].service)) == 0)
                return manifest_fail(c, "offers '%s' twice", name);
        }
    return 0;
}

static int check_ioport_overlap(struct manifest_check *c)
{
    const struct manifest_ioport *all = c->m->ioports;

    for (uint32_t i = 0; i < c->m->header->ioport_count; i++)
        for (uint32_t k = 0; k < i; k++)
            if (all[i].first <= all[k].last && all[k].first <= all[i].last) {
                c->line = all[i].line;
                return manifest_fail(c, "ports %#x-%#x overlap line %u's",
                                     (unsigned)all[i].first,
                                     (unsigned)all[i].last,
                                     (unsigned)all[k].line);
            }
    return 0;
}

int manifest_check_records(struct manifest_check *c)
{
    const struct manifest_header *h = c->m->header;

    if (check_string(c, "file", h->file) ||
        check_string(c, "system", h->system) ||
        check_string(c, "description", h->description) || check_ranges(c) ||
        check_each(c) || check_last_rule(c) || check_pairs(c) ||
        check_service_names(c) || check_ioport_overlap(c))
        return -1;
    return 0;
}
