/*
 * Any bytes as a manifest: the reader must refuse or hand out tables that stay
 * inside. Magic, version, size and checksum are made good, so that the fuzzer
 * works on what lies behind them; the first byte says whether to.
 *
 * links: libsys/manifest.c libsys/manifest_check.c
 * links: tools/policyc/names.c
 * links: tools/policyc/arena.c tools/policyc/report.c tools/policyc/value.c
 * links: tools/policyc/dump.c tools/policyc/links.c tools/policyc/reach.c
 * links: tools/policyc/dot.c tools/policyc/network.c
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cordon/manifest.h>

#include "tools/policyc/output.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void make_good(struct manifest_header *h, size_t size)
{
    const size_t skip = offsetof(struct manifest_header, file);

    memcpy(h->magic, MANIFEST_MAGIC, sizeof h->magic);
    h->version = MANIFEST_VERSION;
    h->size = (uint32_t)size;
    h->crc32 = manifest_crc32((char *)h + skip, size - skip);
}

/* A server copies the rules into an array of the most that there may be. */
static void walk_network(const struct manifest *m, uint32_t use)
{
    const struct manifest_network *n = manifest_network_of(m, use);

    if (n == NULL)
        return;
    if (n->rules.count > MANIFEST_NETWORK_RULES_MAX ||
        n->rules.first + n->rules.count > m->header->rule_count)
        abort();
    for (uint32_t i = 0; i < n->rules.count; i++)
        if (m->rules[n->rules.first + i].port_first >
            m->rules[n->rules.first + i].port_last)
            abort();
}

/* Touches all that an open manifest hands out, as init would. */
static void walk(const struct manifest *m, FILE *sink)
{
    struct arena arena = {NULL};

    for (uint32_t i = 0; i < m->header->component_count; i++) {
        const struct manifest_component *c = &m->components[i];

        for (uint32_t k = 0; k < c->uses.count; k++) {
            if (m->uses[c->uses.first + k].from != MANIFEST_INIT &&
                m->uses[c->uses.first + k].from >= i)
                abort(); /* could not start */
            walk_network(m, c->uses.first + k);
        }
        if (c->devices.first + c->devices.count > m->header->device_count ||
            (c->capabilities & (c->capabilities - 1)) != 0 ||
            c->budget_ns > c->period_ns)
            abort();
    }
    dump_write(sink, &arena, m);
    reach_write(sink, &arena, m);
    dot_write(sink, &arena, m);
    binaries_write(sink, m);
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FILE *sink;
    struct manifest m;
    char error[128];
    void *copy;

    if (sink == NULL)
        sink = fopen("/dev/null", "w");
    if (size == 0 || sink == NULL)
        return 0;
    copy = malloc(size - 1 + (size == 1));
    memcpy(copy, data + 1, size - 1);
    if ((data[0] & 1) == 0 && size - 1 >= sizeof(struct manifest_header))
        make_good(copy, size - 1);
    if (manifest_open(copy, size - 1, &m, error, sizeof error) == 0)
        walk(&m, sink);
    else if (memchr(error, 0, sizeof error) == NULL || error[0] == 0)
        abort(); /* refused without a word */
    free(copy);
    return 0;
}
