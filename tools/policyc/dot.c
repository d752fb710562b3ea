/*
 * --dot: the system as a graph. A component is a box, its cage the frame round
 * it and its devices; inside a cage run registers, DMA and interrupts, between
 * cages only services. Each CPU has a colour.
 */
#include "output.h"

#include "links.h"
#include "network.h"
#include "value.h"

#include <string.h>

struct dot {
    FILE *out;
    struct arena *arena;
    const struct manifest *m;
    struct links links;
};

struct shade {
    const char *line;
    const char *fill;
};

/* One a CPU; each reads well in black on `fill`. */
static const struct shade shades[MANIFEST_CPUS_MAX] = {
    {"#2f6db3", "#e3eefa"}, {"#2e8b57", "#e2f4e9"}, {"#8a5fb5", "#f0e8f8"},
    {"#b8772b", "#faf0e0"}, {"#2b8c99", "#e0f3f5"}, {"#a84a6b", "#f9e6ed"},
    {"#6b7f2a", "#f1f5df"}, {"#5a6372", "#e9ebef"}};

#define DMA_COLOR       "#d9660f"
#define INTERRUPT_COLOR "#c22f2f"
#define REGISTER_COLOR  "#555f6b"
#define SERVICE_COLOR   "#1f2933"

/* Text inside an HTML label. */
static void write_html(FILE *out, const char *text)
{
    for (; *text != 0; text++) {
        switch (*text) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            putc(*text, out);
        }
    }
}

static void write_row(const struct dot *d, const char *name, const char *value)
{
    fprintf(d->out,
            "<tr><td align=\"left\"><font color=\"#667080\">%s</font></td>"
            "<td align=\"left\">%s</td></tr>",
            name, value);
}

/* A bar of ten for a share of a CPU. */
static const char *bar(const struct dot *d, uint64_t part, uint64_t whole)
{
    unsigned full = (unsigned)((part * 10 + whole - 1) / whole);
    const char *text = "";

    for (unsigned i = 0; i < 10; i++)
        text = arena_print(d->arena, "%s%s", text, i < full ? "■" : "□");
    return text;
}

static void write_component_label(const struct dot *d,
                                  const struct manifest_component *c)
{
    const struct shade *shade = &shades[c->cpu];
    const char *binary = manifest_string(d->m, c->binary);

    fprintf(d->out,
            "<<table border=\"1\" cellborder=\"0\" cellspacing=\"0\" "
            "cellpadding=\"3\" color=\"%s\" bgcolor=\"%s\" "
            "style=\"rounded\"><tr><td colspan=\"2\" align=\"left\">"
            "<font point-size=\"15\"><b>%s</b></font>",
            shade->line, shade->fill, manifest_string(d->m, c->name));
    if (strcmp(binary, manifest_string(d->m, c->name)) != 0)
        fprintf(d->out, " <i>%s</i>", binary);
    if (c->role != MANIFEST_ROLE_NONE)
        fprintf(d->out, " <font color=\"%s\">%s</font>", shade->line,
                manifest_role_names[c->role]);
    fprintf(d->out, "</td></tr>");
    write_row(d, "memory", size_text(d->arena, c->memory));
    write_row(d, arena_print(d->arena, "CPU %u", c->cpu),
              arena_print(d->arena, "<font color=\"%s\">%s</font> %.0f %%",
                          shade->line, bar(d, c->budget_ns, c->period_ns),
                          100.0 * (double)c->budget_ns / (double)c->period_ns));
    write_row(d, "priority", arena_print(d->arena, "%u", c->priority));
    if (c->restart != MANIFEST_RESTART_NEVER)
        write_row(d, "restart", manifest_restart_names[c->restart]);
    fprintf(d->out, "</table>>");
}

/* --- hardware of a cage --- */

static void write_hardware_node(const struct dot *d, const char *id,
                                const char *title, const char *text)
{
    fprintf(d->out,
            "    %s [shape=plain label=<<table border=\"1\" cellborder=\"0\" "
            "cellspacing=\"0\" cellpadding=\"4\" color=\"#555f6b\" "
            "bgcolor=\"#3b4450\"><tr><td><font color=\"white\"><b>%s</b>"
            "<br/>%s</font></td></tr></table>>]\n",
            id, title, text);
}

/* "class 01:08:02 #0" */
static const char *selector(const struct dot *d,
                            const struct manifest_device *v)
{
    const char *text = selector_text(d->arena, v);

    if (v->select == MANIFEST_SELECT_ADDRESS)
        return text;
    return arena_print(d->arena, "%s %s #%u", manifest_select_names[v->select],
                       text, v->index);
}

static void write_device(const struct dot *d, uint32_t owner, uint32_t number)
{
    const struct manifest_device *v = &d->m->devices[number];
    const char *id = arena_print(d->arena, "d%u", number);

    write_hardware_node(d, id, known_name(v), selector(d, v));
    fprintf(d->out,
            "    c%u -> %s [label=\" registers \" color=\"%s\" "
            "fontcolor=\"%s\" arrowhead=normal]\n",
            owner, id, REGISTER_COLOR, REGISTER_COLOR);
    if (v->dma != 0)
        fprintf(d->out,
                "    c%u -> %s [dir=back penwidth=2 color=\"%s\" "
                "fontcolor=\"%s\" label=\" DMA %s \"]\n",
                owner, id, DMA_COLOR, DMA_COLOR, size_text(d->arena, v->dma));
    if (v->interrupts != 0)
        fprintf(d->out,
                "    c%u -> %s [dir=back style=dashed color=\"%s\" "
                "fontcolor=\"%s\" label=\"  %u interrupt%s  \\n%u/s\"]\n",
                owner, id, INTERRUPT_COLOR, INTERRUPT_COLOR, v->interrupts,
                v->interrupts == 1 ? "" : "s", v->rate);
}

/* Ports and lines of a component: one node. */
static void write_legacy(const struct dot *d, uint32_t owner)
{
    const struct manifest_component *c = &d->m->components[owner];
    const char *text = "";

    if (c->ioports.count == 0 && c->irqs.count == 0)
        return;
    for (uint32_t i = 0; i < c->ioports.count; i++) {
        const struct manifest_ioport *p = &d->m->ioports[c->ioports.first + i];

        text =
            arena_print(d->arena, "%s%s%s", text, i == 0 ? "" : "<br/>",
                        value_print(d->arena, VALUE_PORTS, p->first, p->last));
    }
    write_hardware_node(d, arena_print(d->arena, "p%u", owner), "I/O ports",
                        text);
    if (c->ioports.count != 0)
        fprintf(d->out,
                "    c%u -> p%u [label=\" in, out \" color=\"%s\" "
                "fontcolor=\"%s\"]\n",
                owner, owner, REGISTER_COLOR, REGISTER_COLOR);
    for (uint32_t i = 0; i < c->irqs.count; i++)
        fprintf(d->out,
                "    c%u -> p%u [dir=back style=dashed color=\"%s\" "
                "fontcolor=\"%s\" label=\"  line %u\"]\n",
                owner, owner, INTERRUPT_COLOR, INTERRUPT_COLOR,
                d->m->irqs[c->irqs.first + i].input);
}

static void write_cage(const struct dot *d, uint32_t number)
{
    const struct manifest_component *c = &d->m->components[number];

    fprintf(d->out,
            "  subgraph cluster_%u {\n    style=\"rounded,dashed\" "
            "color=\"%s\" penwidth=1.5 margin=16\n    c%u [label=",
            number, shades[c->cpu].line, number);
    write_component_label(d, c);
    fprintf(d->out, "]\n");
    for (uint32_t i = 0; i < c->devices.count; i++)
        write_device(d, number, c->devices.first + i);
    write_legacy(d, number);
    fprintf(d->out, "  }\n");
}

/* --- between cages --- */

static int uses_init(const struct manifest *m)
{
    for (uint32_t i = 0; i < m->header->use_count; i++)
        if (m->uses[i].from == MANIFEST_INIT)
            return 1;
    return 0;
}

/* What component `number` uses of init, on one edge. */
static void write_init_services(const struct dot *d, uint32_t number)
{
    const struct manifest_component *c = &d->m->components[number];
    const char *names = "";

    for (uint32_t i = 0; i < c->uses.count; i++) {
        const struct manifest_use *u = &d->m->uses[c->uses.first + i];

        if (u->from == MANIFEST_INIT)
            names = arena_print(d->arena, "%s%s%s", names,
                                names[0] == 0 ? "" : "\\n",
                                manifest_string(d->m, u->service));
    }
    if (names[0] != 0)
        fprintf(d->out,
                "  c%u -> init [label=\"%s\" color=\"#8a94a3\" "
                "fontcolor=\"#667080\"]\n",
                number, names);
}

/* Lines of the edge's label: what the user may do in the network. */
static void write_network(const struct dot *d, uint32_t use)
{
    const struct manifest_network *n = manifest_network_of(d->m, use);
    const char *listen, *connect;

    if (n == NULL)
        return;
    listen = rules_text(d->arena, d->m, n, MANIFEST_NETWORK_LISTEN, "\\n    ");
    connect =
        rules_text(d->arena, d->m, n, MANIFEST_NETWORK_CONNECT, "\\n    ");
    if (listen[0] != 0)
        fprintf(d->out, "\\n  listens: %s", listen);
    if (connect[0] != 0)
        fprintf(d->out, "\\n  connects: %s", connect);
    if (n->names)
        fprintf(d->out, "\\n  resolves names");
}

static void write_services(const struct dot *d)
{
    const struct manifest *m = d->m;

    for (uint32_t i = 0; i < m->header->use_count; i++) {
        const struct manifest_use *u = &m->uses[i];
        const char *service = manifest_string(m, u->service);
        const char *alias = manifest_string(m, u->alias);

        if (u->from == MANIFEST_INIT)
            continue;
        fprintf(d->out, "  c%u -> c%u [penwidth=1.6 label=\"  %s", u->component,
                u->from, service);
        if (strcmp(service, alias) != 0)
            fprintf(d->out, " as %s", alias);
        write_network(d, i);
        fprintf(d->out, "  \"]\n");
    }
    for (uint32_t i = 0; i < m->header->component_count; i++) {
        write_init_services(d, i);
        if (m->components[i].devices.count != 0 && d->links.server >= 0)
            fprintf(d->out,
                    "  c%u -> c%d [label=\"  its device  \" style=dotted "
                    "color=\"#8a94a3\" fontcolor=\"#667080\"]\n",
                    i, d->links.server);
    }
}

static void write_title(const struct dot *d)
{
    const struct manifest_header *h = d->m->header;

    fprintf(d->out,
            "  labelloc=t labeljust=l label=<<font point-size=\"20\"><b>%s</b>"
            "</font>  <font color=\"#667080\">",
            manifest_string(d->m, h->system));
    write_html(d->out, manifest_string(d->m, h->description));
    fprintf(d->out,
            "</font><br align=\"left\"/><font point-size=\"10\">"
            "<font color=\"%s\">━▶ service</font>   "
            "<font color=\"%s\">━▶ registers</font>   "
            "<font color=\"%s\">━▶ DMA</font>   "
            "<font color=\"%s\">╍▶ interrupts</font>   "
            "<font color=\"#667080\">dashed frame: a cage</font></font>"
            "<br align=\"left\"/>>\n",
            SERVICE_COLOR, REGISTER_COLOR, DMA_COLOR, INTERRUPT_COLOR);
}

void dot_write(FILE *out, struct arena *arena, const struct manifest *m)
{
    struct dot d = {.out = out, .arena = arena, .m = m};

    links_find(m, &d.links);
    fprintf(out,
            "digraph policy {\n  rankdir=TB newrank=true nodesep=0.5 "
            "ranksep=0.65 bgcolor=white pad=0.3\n"
            "  fontname=\"Helvetica\"\n"
            "  node [fontname=\"Helvetica\" fontsize=11 shape=plain]\n"
            "  edge [fontname=\"Helvetica\" fontsize=10 color=\"%s\" "
            "arrowsize=0.8]\n",
            SERVICE_COLOR);
    if (uses_init(m))
        fprintf(out,
                "  init [shape=box style=\"rounded,filled\" "
                "fillcolor=\"#f2f4f7\" color=\"#8a94a3\" label=\"init\"]\n");
    for (uint32_t i = 0; i < m->header->component_count; i++)
        write_cage(&d, i);
    write_services(&d);
    write_title(&d); /* last: an earlier label would be each cage's too */
    fprintf(out, "}\n");
}
