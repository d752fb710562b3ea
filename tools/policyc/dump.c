/*
 * A manifest as YAML again, in the language's own order of keys. Defaults are
 * left out where the language has them, so the text stays short.
 */
#include "output.h"

#include "network.h"
#include "value.h"

#include <string.h>

struct dump {
    FILE *out;
    struct arena *arena;
    const struct manifest *m;
};

/* A double-quoted YAML scalar. The reader let no control character pass. */
static void write_quoted(FILE *out, const char *text)
{
    putc('"', out);
    for (; *text != 0; text++) {
        if (*text == '"' || *text == '\\')
            putc('\\', out);
        putc(*text, out);
    }
    putc('"', out);
}

static const char *string(const struct dump *d, uint32_t at)
{
    return manifest_string(d->m, at);
}

static void write_selector(const struct dump *d,
                           const struct manifest_device *r)
{
    fprintf(d->out, "%s: \"%s\"", manifest_select_names[r->select],
            selector_text(d->arena, r));
    if (r->index != 0)
        fprintf(d->out, ", index: %u", r->index);
}

static void write_interrupts(const struct dump *d,
                             const struct manifest_device *r)
{
    fprintf(d->out, "interrupts: {count: %u, rate: %u}", r->interrupts,
            r->rate);
}

static void write_devices(const struct dump *d,
                          const struct manifest_component *c)
{
    const struct manifest_device *r = &d->m->devices[c->devices.first];

    if (c->devices.count == 1) {
        fprintf(d->out, "    device: {");
        write_selector(d, r);
        fprintf(d->out, "}\n");
        if (r->dma != 0)
            fprintf(d->out, "    dma: %s\n", size_text(d->arena, r->dma));
        if (r->interrupts != 0) {
            fprintf(d->out, "    ");
            write_interrupts(d, r);
            fprintf(d->out, "\n");
        }
        return;
    }
    if (c->devices.count != 0)
        fprintf(d->out, "    devices:\n");
    for (uint32_t i = 0; i < c->devices.count; i++, r++) {
        fprintf(d->out, "      - {");
        write_selector(d, r);
        fprintf(d->out, ", dma: %s", size_text(d->arena, r->dma));
        if (r->interrupts != 0) {
            fprintf(d->out, ", ");
            write_interrupts(d, r);
        }
        fprintf(d->out, "}\n");
    }
}

static void write_legacy(const struct dump *d,
                         const struct manifest_component *c)
{
    for (uint32_t i = 0; i < c->ioports.count; i++) {
        const struct manifest_ioport *p = &d->m->ioports[c->ioports.first + i];

        fprintf(d->out, "%s\"%s\"%s", i == 0 ? "    ioports: [" : ", ",
                value_print(d->arena, VALUE_PORTS, p->first, p->last),
                i + 1 == c->ioports.count ? "]\n" : "");
    }
    for (uint32_t i = 0; i < c->irqs.count; i++)
        fprintf(d->out, "%s%u%s", i == 0 ? "    irqs: [" : ", ",
                d->m->irqs[c->irqs.first + i].input,
                i + 1 == c->irqs.count ? "]\n" : "");
}

static void write_rules(const struct dump *d, const struct manifest_network *n,
                        enum manifest_network_action action, const char *name)
{
    const char *text = rules_text(d->arena, d->m, n, action, "\", \"");

    if (text[0] != 0)
        fprintf(d->out, "%s: [\"%s\"], ", name, text);
}

static void write_network(const struct dump *d,
                          const struct manifest_network *n)
{
    fprintf(d->out, ",\n         network: {");
    write_rules(d, n, MANIFEST_NETWORK_LISTEN, "listen");
    write_rules(d, n, MANIFEST_NETWORK_CONNECT, "connect");
    fprintf(d->out, "names: %s, sockets: %u, memory: %s}",
            n->names ? "true" : "false", n->sockets,
            size_text(d->arena, n->memory));
}

static void write_services(const struct dump *d,
                           const struct manifest_component *c)
{
    if (c->uses.count != 0)
        fprintf(d->out, "    uses:\n");
    for (uint32_t i = 0; i < c->uses.count; i++) {
        const struct manifest_use *u = &d->m->uses[c->uses.first + i];

        const struct manifest_network *n =
            manifest_network_of(d->m, c->uses.first + i);

        fprintf(d->out, "      - {service: %s, from: %s, as: %s%s%s",
                string(d, u->service), manifest_component_name(d->m, u->from),
                string(d, u->alias), u->access ? ", access: " : "",
                u->access ? manifest_access_names[u->access] : "");
        if (n != NULL)
            write_network(d, n);
        fprintf(d->out, "}\n");
    }
    for (uint32_t i = 0; i < c->offers.count; i++)
        fprintf(d->out, "%s%s%s", i == 0 ? "    offers: [" : ", ",
                string(d, d->m->offers[c->offers.first + i].service),
                i + 1 == c->offers.count ? "]\n" : "");
}

static void write_args(const struct dump *d, const struct manifest_component *c)
{
    if (c->args.count != 0)
        fprintf(d->out, "    args:\n");
    for (uint32_t i = 0; i < c->args.count; i++) {
        fprintf(d->out, "      - ");
        write_quoted(d->out, string(d, d->m->args[c->args.first + i].text));
        fprintf(d->out, "\n");
    }
}

static void write_component(const struct dump *d,
                            const struct manifest_component *c)
{
    fprintf(d->out, "  - name: %s\n    binary: %s\n", string(d, c->name),
            string(d, c->binary));
    if (c->role != MANIFEST_ROLE_NONE)
        fprintf(d->out, "    role: %s\n", manifest_role_names[c->role]);
    fprintf(d->out, "    memory: %s\n    capabilities: %u\n    threads: %u\n",
            size_text(d->arena, c->memory), c->capabilities, c->threads);
    fprintf(d->out,
            "    budget: {cpu: %u, priority: %u, budget: %s, period: %s}\n",
            c->cpu, c->priority, time_text(d->arena, c->budget_ns),
            time_text(d->arena, c->period_ns));
    write_devices(d, c);
    write_legacy(d, c);
    write_services(d, c);
    write_args(d, c);
    fprintf(d->out, "    restart: {rule: %s, limit: %u}\n",
            manifest_restart_names[c->restart], c->restart_limit);
}

/* A manifest does not say what machine it is for, but needs these CPUs. */
static void write_cpus(const struct dump *d)
{
    uint32_t cpus = 2; /* the language's default */

    for (uint32_t i = 0; i < d->m->header->component_count; i++)
        if (d->m->components[i].cpu >= cpus)
            cpus = d->m->components[i].cpu + 1;
    if (cpus > 2)
        fprintf(d->out, "machine: {cpus: %u}\n", cpus);
}

void dump_write(FILE *out, struct arena *arena, const struct manifest *m)
{
    struct dump d = {out, arena, m};

    fprintf(out,
            "# compiled from %s\nsystem: %s\ndescription: ", manifest_file(m),
            string(&d, m->header->system));
    write_quoted(out, string(&d, m->header->description));
    fprintf(out, "\n");
    write_cpus(&d);
    fprintf(out, "components:\n");
    for (uint32_t i = 0; i < m->header->component_count; i++)
        write_component(&d, &m->components[i]);
}

void binaries_write(FILE *out, const struct manifest *m)
{
    for (uint32_t i = 0; i < m->header->component_count; i++) {
        const char *binary = manifest_string(m, m->components[i].binary);
        int is_first = 1;

        for (uint32_t k = 0; k < i && is_first; k++)
            is_first = strcmp(binary,
                              manifest_string(m, m->components[k].binary)) != 0;
        if (is_first)
            fprintf(out, "%s\n", binary);
    }
}
