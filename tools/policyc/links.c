/*
 * Direct calls from the manifest, then their closure. Components call earlier
 * ones only, so one pass in start order is enough.
 */
#include "links.h"

#include <string.h>

static void add_direct(const struct manifest *m, struct links *out, uint32_t i)
{
    const struct manifest_component *c = &m->components[i];

    for (uint32_t k = 0; k < c->uses.count; k++) {
        uint32_t from = m->uses[c->uses.first + k].from;

        if (from != MANIFEST_INIT)
            out->of[i][from] = LINK_DIRECT;
    }
    if (c->devices.count != 0 && out->server >= 0)
        out->of[i][out->server] = LINK_DIRECT;
}

/* Whatever those reach that `i` calls, `i` reaches. */
static void add_through(struct links *out, uint32_t i)
{
    for (uint32_t k = i; k-- > 0;) {
        if (out->of[i][k] != LINK_DIRECT)
            continue;
        for (uint32_t n = 0; n < k; n++)
            if (out->of[k][n] != LINK_NONE && out->of[i][n] == LINK_NONE)
                out->of[i][n] = LINK_THROUGH;
    }
}

void links_find(const struct manifest *m, struct links *out)
{
    memset(out, 0, sizeof *out);
    out->count = m->header->component_count;
    out->server = -1;
    for (uint32_t i = 0; i < out->count; i++)
        if (m->components[i].role == MANIFEST_ROLE_PCI_SERVER)
            out->server = (int)i;
    for (uint32_t i = 0; i < out->count; i++) {
        add_direct(m, out, i);
        add_through(out, i);
    }
}
