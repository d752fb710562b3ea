/*
 * --reach: for each component and each device what it can touch. Three parts:
 * components with what they hold and whom they can call, devices with the
 * memory that they can reach, and a table of who reaches whom.
 *
 * It says what the policy allows at most. A buffer that a client lends is in a
 * device's domain only while it is lent.
 */
#include "output.h"

#include "links.h"
#include "network.h"
#include "value.h"

#include <string.h>

struct reach {
    FILE *out;
    struct arena *arena;
    const struct manifest *m;
    struct links links;
};

static const char *name_of(const struct reach *r, uint32_t component)
{
    return manifest_component_name(r->m, component);
}

static void write_field(const struct reach *r, const char *name)
{
    fprintf(r->out, "  %-11s", name);
}

/* --- a component --- */

static void write_holdings(const struct reach *r,
                           const struct manifest_component *c)
{
    write_field(r, "memory");
    fprintf(r->out, "%s of RAM, its own; %u capability slots, %u thread%s\n",
            size_text(r->arena, c->memory), c->capabilities, c->threads,
            c->threads == 1 ? "" : "s");
    write_field(r, "time");
    fprintf(r->out, "CPU %u, priority %u, %s of every %s (%.1f %%)\n", c->cpu,
            c->priority, time_text(r->arena, c->budget_ns),
            time_text(r->arena, c->period_ns),
            100.0 * (double)c->budget_ns / (double)c->period_ns);
    if (c->role == MANIFEST_ROLE_PCI_SERVER) {
        write_field(r, "role");
        fprintf(r->out, "PCI server: configuration space and registers of "
                        "every device;\n             says to the kernel which "
                        "devices there are. No DMA, no interrupts.\n");
    } else if (c->role == MANIFEST_ROLE_CONSOLE) {
        write_field(r, "role");
        fprintf(r->out, "console: while it runs, init leaves the serial port "
                        "to it\n");
    }
}

static void write_device_of(const struct reach *r,
                            const struct manifest_device *d)
{
    write_field(r, "device");
    fprintf(r->out, "%s: its registers", device_text(r->arena, d));
    if (d->dma != 0)
        fprintf(r->out, ", DMA to %s of the memory above",
                size_text(r->arena, d->dma));
    if (d->interrupts != 0)
        fprintf(r->out, ", %u interrupt%s of %u/s at most", d->interrupts,
                d->interrupts == 1 ? "" : "s", d->rate);
    fprintf(r->out, "\n");
}

static void write_hardware(const struct reach *r,
                           const struct manifest_component *c)
{
    for (uint32_t i = 0; i < c->devices.count; i++)
        write_device_of(r, &r->m->devices[c->devices.first + i]);
    for (uint32_t i = 0; i < c->ioports.count; i++) {
        const struct manifest_ioport *p = &r->m->ioports[c->ioports.first + i];

        write_field(r, i == 0 ? "ports" : "");
        fprintf(r->out, "%s\n",
                value_print(r->arena, VALUE_PORTS, p->first, p->last));
    }
    for (uint32_t i = 0; i < c->irqs.count; i++) {
        write_field(r, i == 0 ? "lines" : "");
        fprintf(r->out, "ISA interrupt line %u\n",
                r->m->irqs[c->irqs.first + i].input);
    }
}

/* Devices that stand behind a service of component `i`. */
static void write_behind(const struct reach *r, uint32_t i)
{
    const struct manifest_component *c = &r->m->components[i];

    for (uint32_t k = 0; k < c->devices.count; k++)
        fprintf(r->out, "%s%s", k == 0 ? ", which drives " : " and ",
                device_text(r->arena, &r->m->devices[c->devices.first + k]));
}

/* What the caller may do in the network, below the call. */
static void write_network(const struct reach *r, const struct manifest_use *u)
{
    const struct manifest_network *n =
        manifest_network_of(r->m, (uint32_t)(u - r->m->uses));
    const char *listen, *connect;

    if (n == NULL)
        return;
    listen = rules_text(r->arena, r->m, n, MANIFEST_NETWORK_LISTEN, ", ");
    connect = rules_text(r->arena, r->m, n, MANIFEST_NETWORK_CONNECT, ", ");
    write_field(r, "");
    fprintf(r->out, "  may listen %s%s; may connect %s%s;\n",
            listen[0] != 0 ? "on " : "nowhere", listen,
            connect[0] != 0 ? "to " : "nowhere", connect);
    write_field(r, "");
    fprintf(r->out, "  %s resolve names; %u socket%s, %s of %s's memory\n",
            n->names ? "may" : "may not", n->sockets,
            n->sockets == 1 ? "" : "s", size_text(r->arena, n->memory),
            name_of(r, u->from));
}

/* Whom component `i` calls, and whom those call, one level deeper a line. A
 * component that was shown is not shown again below another. */
static void write_calls(const struct reach *r, uint32_t i, unsigned depth,
                        unsigned char *shown)
{
    const struct manifest_component *c = &r->m->components[i];

    for (uint32_t k = 0; k < c->uses.count; k++) {
        const struct manifest_use *u = &r->m->uses[c->uses.first + k];

        write_field(r, depth == 0 && k == 0 ? "calls" : "");
        fprintf(r->out, "%*s%s of %s%s", (int)depth * 2, "",
                manifest_string(r->m, u->service), name_of(r, u->from),
                u->access == MANIFEST_ACCESS_WRITE ? " (may write)" : "");
        if (u->from != MANIFEST_INIT)
            write_behind(r, u->from);
        fprintf(r->out, "\n");
        if (depth == 0)
            write_network(r, u);
        if (u->from == MANIFEST_INIT || shown[u->from])
            continue;
        shown[u->from] = 1;
        write_calls(r, u->from, depth + 1, shown);
    }
    if (c->devices.count != 0 && r->links.server >= 0) {
        write_field(r, depth == 0 && c->uses.count == 0 ? "calls" : "");
        fprintf(r->out, "%*s%s, about its device alone\n", (int)depth * 2, "",
                name_of(r, (uint32_t)r->links.server));
    }
}

static void write_callers(const struct reach *r, uint32_t i)
{
    int is_first = 1;

    for (uint32_t k = 0; k < r->m->header->use_count; k++) {
        const struct manifest_use *u = &r->m->uses[k];

        if (u->from != i)
            continue;
        if (is_first)
            write_field(r, "called by");
        fprintf(r->out, "%s%s (%s)", is_first ? "" : ", ",
                name_of(r, u->component), manifest_string(r->m, u->service));
        is_first = 0;
    }
    if (!is_first)
        fprintf(r->out, "\n");
}

static void write_component(const struct reach *r, uint32_t i)
{
    const struct manifest_component *c = &r->m->components[i];
    const char *binary = manifest_string(r->m, c->binary);
    unsigned char shown[MANIFEST_COMPONENTS_MAX] = {0};

    fprintf(r->out, "\ncomponent %s", name_of(r, i));
    if (strcmp(binary, name_of(r, i)) != 0)
        fprintf(r->out, " (binary %s)", binary);
    fprintf(r->out, "  [%s:%u]\n", manifest_file(r->m), c->line);
    write_holdings(r, c);
    write_hardware(r, c);
    write_calls(r, i, 0, shown);
    write_callers(r, i);
}

/* --- a device --- */

/* Everybody whose buffers may come to the device: callers of its driver. */
static void write_lenders(const struct reach *r, uint32_t driver)
{
    int is_first = 1;

    for (uint32_t i = 0; i < r->links.count; i++) {
        if (r->links.of[i][driver] == LINK_NONE)
            continue;
        if (is_first)
            write_field(r, "");
        fprintf(r->out, "%s%s%s", is_first ? "and what is lent by " : ", ",
                name_of(r, i),
                r->links.of[i][driver] == LINK_THROUGH ? " (through others)"
                                                       : "");
        is_first = 0;
    }
    fprintf(r->out, is_first ? "" : ", while it is lent\n");
}

static void write_device(const struct reach *r, const struct manifest_device *d)
{
    const struct manifest_component *owner = &r->m->components[d->component];
    const char *driver = name_of(r, d->component);

    fprintf(r->out, "\n%s, driven by %s  [%s:%u]\n", device_text(r->arena, d),
            driver, manifest_file(r->m), d->line);
    write_field(r, "DMA to");
    if (d->dma == 0) {
        fprintf(r->out, "nothing\n");
    } else {
        fprintf(r->out, "%s of the %s of %s\n", size_text(r->arena, d->dma),
                size_text(r->arena, owner->memory), driver);
        write_lenders(r, d->component);
    }
    write_field(r, "interrupts");
    if (d->interrupts == 0)
        fprintf(r->out, "none\n");
    else
        fprintf(r->out, "%u, to %s on CPU %u, each at most %u/s\n",
                d->interrupts, driver, owner->cpu, d->rate);
}

/* --- the table --- */

/* The sign of component i's row in device d's column. */
static char device_sign(const struct reach *r, uint32_t i,
                        const struct manifest_device *d)
{
    static const char signs[] = {'.', 't', 'c'};

    if (d->component == i)
        return 'H';
    if (r->links.server == (int)i)
        return 'R';
    return signs[r->links.of[i][d->component]];
}

static void write_table(const struct reach *r)
{
    static const char signs[] = {'.', 't', 'c'};
    const struct manifest_header *h = r->m->header;

    fprintf(r->out, "\nwho (row) reaches what (column)\n\n%*s", 32, "");
    for (uint32_t k = 0; k < h->component_count; k++)
        fprintf(r->out, "%3u", k + 1);
    for (uint32_t k = 0; k < h->device_count; k++)
        fprintf(r->out, "%*s%u", k < 9 ? 2 : 1, "d", k + 1);
    fprintf(r->out, "\n");
    for (uint32_t i = 0; i < h->component_count; i++) {
        fprintf(r->out, "%4u %-27s", i + 1, name_of(r, i));
        for (uint32_t k = 0; k < h->component_count; k++)
            fprintf(r->out, "%3c", i == k ? '=' : signs[r->links.of[i][k]]);
        for (uint32_t k = 0; k < h->device_count; k++)
            fprintf(r->out, "%3c", device_sign(r, i, &r->m->devices[k]));
        fprintf(r->out, "\n");
    }
    for (uint32_t k = 0; k < h->device_count; k++)
        fprintf(r->out, "  d%-3u%s\n", k + 1,
                device_text(r->arena, &r->m->devices[k]));
    fprintf(r->out,
            "\n  =  itself        c  calls a service of it (of its driver)\n"
            "  H  holds it      t  through services of others\n"
            "  .  cannot        R  its registers only, no DMA, no interrupt\n");
}

void reach_write(FILE *out, struct arena *arena, const struct manifest *m)
{
    struct reach r = {.out = out, .arena = arena, .m = m};

    links_find(m, &r.links);
    fprintf(out, "system %s: %s\n", manifest_string(m, m->header->system),
            manifest_string(m, m->header->description));
    for (uint32_t i = 0; i < m->header->component_count; i++)
        write_component(&r, i);
    for (uint32_t i = 0; i < m->header->device_count; i++)
        write_device(&r, &m->devices[i]);
    write_table(&r);
}
