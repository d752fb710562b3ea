/*
 * Writes the manifest: components in start order, each table in the order of
 * its owners, strings once each, then sizes and checksum.
 */
#include "encode.h"

#include "check.h"

#include <cordon/manifest.h>
#include <string.h>

#define TABLES 10

/* One table while it grows; `most` is the manifest's bound. */
struct table {
    const char *name;
    char *bytes;
    size_t record;
    uint32_t count;
    uint32_t most;
};

struct encoder {
    struct report *report;
    const struct policy *policy;
    struct manifest_header header;
    struct table components, devices, networks, ioports, irqs, offers, uses,
        args, rules, strings;
};

static struct table new_table(struct encoder *e, const char *name,
                              size_t record, uint32_t most)
{
    return (struct table){name, arena_alloc(e->report->arena, record * most),
                          record, 0, most};
}

/* Appends a record. A full table keeps counting, for the message. */
static void append(struct table *t, const void *record)
{
    if (t->count < t->most)
        memcpy(t->bytes + t->count * t->record, record, t->record);
    t->count++;
}

static uint32_t add_string(struct encoder *e, const char *text)
{
    struct table *t = &e->strings;
    size_t size = strlen(text) + 1;
    uint32_t at = t->count;

    for (size_t i = 0; i + size <= t->count && t->count <= t->most; i++)
        if (memcmp(t->bytes + i, text, size) == 0 &&
            (i == 0 || t->bytes[i - 1] == 0))
            return (uint32_t)i;
    t->count += (uint32_t)size;
    if (t->count <= t->most)
        memcpy(t->bytes + at, text, size);
    return at;
}

static struct manifest_range range_from(const struct table *t, uint32_t first)
{
    return (struct manifest_range){first, t->count - first};
}

/* --- records --- */

static uint32_t line_of(struct place place)
{
    return place.line;
}

static void add_device(struct encoder *e, uint32_t owner,
                       const struct device *d)
{
    const struct value *v = is_good(&d->class) ? &d->class
                            : is_good(&d->id)  ? &d->id
                                               : &d->address;
    struct manifest_device record = {
        .line = line_of(d->place),
        .component = owner,
        .select = v == &d->class ? MANIFEST_SELECT_CLASS
                  : v == &d->id  ? MANIFEST_SELECT_ID
                                 : MANIFEST_SELECT_ADDRESS,
        .value = (uint32_t)v->number,
        .mask = (uint32_t)v->mask,
        .index = (uint32_t)d->index.number,
        .dma = d->dma.number,
        .interrupts = 0,
        .rate = 1,
    };

    if (d->interrupts != NULL) {
        record.interrupts = (uint32_t)d->interrupts->count.number;
        record.rate = (uint32_t)d->interrupts->rate.number;
    }
    append(&e->devices, &record);
}

static void add_rules(struct encoder *e, const struct list *rules)
{
    for (unsigned i = 0; i < rules->count; i++) {
        const struct value *v = LIST_ITEM(*rules, struct value, i);
        struct manifest_network_rule record = v->rule;

        record.line = line_of(v->place);
        append(&e->rules, &record);
    }
}

/* Of the use that is appended next. */
static void add_network(struct encoder *e, const struct network *n)
{
    struct manifest_network record = {
        .line = line_of(n->place),
        .use = e->uses.count,
        .sockets = (uint32_t)n->sockets.number,
        .names = (uint32_t)n->names.number,
        .memory = n->memory.number,
        .rules.first = e->rules.count,
    };

    add_rules(e, &n->listen);
    add_rules(e, &n->connect);
    record.rules = range_from(&e->rules, record.rules.first);
    append(&e->networks, &record);
}

static void add_use(struct encoder *e, uint32_t owner, const struct use *use)
{
    const struct component *from = policy_find(e->policy, use->from.text);
    const char *as = is_good(&use->as) ? use->as.text : use->service.text;
    struct manifest_use record = {
        .line = line_of(use->place),
        .component = owner,
        .from = from != NULL ? from->start : MANIFEST_INIT,
        .service = add_string(e, use->service.text),
        .alias = add_string(e, as),
        .access = (uint32_t)use->access.number,
    };

    if (use->network != NULL)
        add_network(e, use->network);
    if (from == NULL) {
        while (strcmp(manifest_init_offers[record.offer], use->service.text))
            record.offer++;
        append(&e->uses, &record);
        return;
    }
    for (uint32_t i = 0; i < e->offers.count && i < e->offers.most; i++) {
        const struct manifest_offer *offer =
            &((struct manifest_offer *)(void *)e->offers.bytes)[i];

        if (offer->component == from->start && offer->service == record.service)
            record.offer = i;
    }
    append(&e->uses, &record);
}

static void add_ioports(struct encoder *e, const struct component *c)
{
    for (unsigned i = 0; i < c->ioports.count; i++) {
        const struct value *v = LIST_ITEM(c->ioports, struct value, i);
        struct manifest_ioport record = {line_of(v->place), c->start,
                                         (uint32_t)v->number,
                                         (uint32_t)v->mask};

        append(&e->ioports, &record);
    }
}

static void add_irqs(struct encoder *e, const struct component *c)
{
    for (unsigned i = 0; i < c->irqs.count; i++) {
        const struct value *v = LIST_ITEM(c->irqs, struct value, i);
        struct manifest_irq record = {line_of(v->place), c->start,
                                      (uint32_t)v->number};

        append(&e->irqs, &record);
    }
}

static void add_offers(struct encoder *e, const struct component *c)
{
    for (unsigned i = 0; i < c->offers.count; i++) {
        const struct value *v = LIST_ITEM(c->offers, struct value, i);
        struct manifest_offer record = {line_of(v->place), c->start,
                                        add_string(e, v->text)};

        append(&e->offers, &record);
    }
}

static void add_args(struct encoder *e, const struct component *c)
{
    for (unsigned i = 0; i < c->args.count; i++) {
        const struct value *v = LIST_ITEM(c->args, struct value, i);
        struct manifest_arg record = {line_of(v->place), c->start,
                                      add_string(e, v->text)};

        append(&e->args, &record);
    }
}

static void add_component(struct encoder *e, const struct component *c)
{
    struct manifest_component record = {
        .line = line_of(c->place),
        .name = add_string(e, c->name.text),
        .binary = add_string(e, c->binary.text),
        .role = (uint32_t)c->role.number,
        .memory = c->memory.number,
        .budget_ns = c->budget->budget.number,
        .period_ns = c->budget->period.number,
        .cpu = (uint32_t)c->budget->cpu.number,
        .priority = (uint32_t)c->budget->priority.number,
        .capabilities = (uint32_t)c->capabilities.number,
        .threads = (uint32_t)c->threads.number,
        .devices.first = e->devices.count,
        .ioports.first = e->ioports.count,
        .irqs.first = e->irqs.count,
        .offers.first = e->offers.count,
        .uses.first = e->uses.count,
        .args.first = e->args.count,
    };

    if (c->restart != NULL) {
        record.restart = (uint32_t)c->restart->rule.number;
        record.restart_limit = (uint32_t)c->restart->limit.number;
    }
    for (unsigned i = 0; i < c->devices.count; i++)
        add_device(e, c->start, LIST_ITEM(c->devices, struct device, i));
    add_ioports(e, c);
    add_irqs(e, c);
    add_offers(e, c);
    for (unsigned i = 0; i < c->uses.count; i++)
        add_use(e, c->start, LIST_ITEM(c->uses, struct use, i));
    add_args(e, c);
    record.devices = range_from(&e->devices, record.devices.first);
    record.ioports = range_from(&e->ioports, record.ioports.first);
    record.irqs = range_from(&e->irqs, record.irqs.first);
    record.offers = range_from(&e->offers, record.offers.first);
    record.uses = range_from(&e->uses, record.uses.first);
    record.args = range_from(&e->args, record.args.first);
    append(&e->components, &record);
}

/* --- the whole --- */

static void begin(struct encoder *e, const char *file)
{
    e->components =
        new_table(e, "components", sizeof(struct manifest_component),
                  MANIFEST_COMPONENTS_MAX);
    e->devices = new_table(e, "devices", sizeof(struct manifest_device),
                           MANIFEST_DEVICES_MAX);
    e->networks = new_table(e, "networks", sizeof(struct manifest_network),
                            MANIFEST_NETWORKS_MAX);
    e->ioports = new_table(e, "ioports", sizeof(struct manifest_ioport),
                           MANIFEST_IOPORTS_MAX);
    e->irqs =
        new_table(e, "irqs", sizeof(struct manifest_irq), MANIFEST_IRQS_MAX);
    e->offers = new_table(e, "offers", sizeof(struct manifest_offer),
                          MANIFEST_OFFERS_MAX);
    e->uses =
        new_table(e, "uses", sizeof(struct manifest_use), MANIFEST_USES_MAX);
    e->args =
        new_table(e, "args", sizeof(struct manifest_arg), MANIFEST_ARGS_MAX);
    e->rules =
        new_table(e, "network rules", sizeof(struct manifest_network_rule),
                  MANIFEST_RULES_MAX);
    e->strings = new_table(e, "bytes of text", 1, MANIFEST_STRINGS_MAX);
    memcpy(e->header.magic, MANIFEST_MAGIC, sizeof e->header.magic);
    e->header.version = MANIFEST_VERSION;
    add_string(e, "");
    e->header.file = add_string(e, file);
    e->header.system = add_string(e, e->policy->system.text);
    e->header.description = add_string(e, e->policy->description.text);
}

/* Puts header and tables behind each other; empty if one is too long. */
static struct bytes join(struct encoder *e)
{
    struct manifest_header *h = &e->header;
    const struct table *tables[TABLES] = {
        &e->components, &e->devices, &e->networks, &e->ioports, &e->irqs,
        &e->offers,     &e->uses,    &e->args,     &e->rules,   &e->strings};
    uint32_t *counts[TABLES] = {&h->component_count, &h->device_count,
                                &h->network_count,   &h->ioport_count,
                                &h->irq_count,       &h->offer_count,
                                &h->use_count,       &h->arg_count,
                                &h->rule_count,      &h->string_bytes};
    struct bytes out = {NULL, sizeof *h};
    char *at;

    for (unsigned i = 0; i < TABLES; i++) {
        if (tables[i]->count > tables[i]->most) {
            report_error(e->report, e->policy->place,
                         "%u %s in all, at most %u", tables[i]->count,
                         tables[i]->name, tables[i]->most);
            report_hint(e->report, "the manifest has no room for more");
            return (struct bytes){NULL, 0};
        }
        *counts[i] = tables[i]->count;
        out.size += tables[i]->count * tables[i]->record;
    }
    h->size = (uint32_t)out.size;
    at = out.data = arena_alloc(e->report->arena, out.size);
    memcpy(at, h, sizeof *h);
    at += sizeof *h;
    for (unsigned i = 0; i < TABLES; i++) {
        memcpy(at, tables[i]->bytes, tables[i]->count * tables[i]->record);
        at += tables[i]->count * tables[i]->record;
    }
    return out;
}

struct bytes encode_policy(struct report *r, const struct policy *policy,
                           const char *file)
{
    const size_t skip = offsetof(struct manifest_header, file);
    struct encoder e = {.report = r, .policy = policy};
    struct bytes out;
    uint32_t crc;

    begin(&e, file);
    for (unsigned number = 0; number < policy->components.count; number++)
        for (unsigned i = 0; i < policy->components.count; i++)
            if (policy_component(policy, i)->start == number)
                add_component(&e, policy_component(policy, i));
    out = join(&e);
    if (out.data == NULL)
        return out;
    crc = manifest_crc32((char *)out.data + skip, out.size - skip);
    memcpy((char *)out.data + offsetof(struct manifest_header, crc32), &crc,
           sizeof crc);
    return out;
}
