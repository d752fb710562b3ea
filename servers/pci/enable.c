/*
 * Switching a claimed function on: decoding, its vectors, and bus mastering
 * last. Also its reset while it stays claimed.
 */
#include <stdio.h>

#include <cordon/cordon.h>

#include "servers/pci/bar.h"
#include "servers/pci/claim.h"
#include "servers/pci/holding.h"
#include "servers/pci/reset.h"
#include "servers/pci/scan.h"

/* R7: nobody else is served during a reset, so a driver that asks for one after
 * the other waits this many times as long in between. */
#define RESET_PAUSE 20

void command_set(const struct config_space *c, const struct node *n,
                 uint32_t clear, uint32_t set)
{
    uint32_t command = config_read(c, n->address, CONFIG_COMMAND, 2);

    config_write(c, n->address, CONFIG_COMMAND, 2, (command & ~clear) | set);
}

static bool is_below(const struct tree *t, const struct node *n,
                     const struct node *bridge)
{
    while (n->parent != NO_NODE) {
        n = &t->nodes[n->parent];
        if (n == bridge)
            return true;
    }
    return false;
}

/* A bridge passes DMA on only while something claimed is below it. */
void claim_power_bridges(const struct config_space *c, const struct tree *t)
{
    for (uint32_t i = 0; i < t->count; i++) {
        const struct node *bridge = &t->nodes[i];
        bool wanted = false;

        if (!node_is_bridge(bridge))
            continue;
        for (uint32_t j = 0; j < t->count; j++)
            wanted = wanted || (t->nodes[j].state == PCI_CLAIMED &&
                                is_below(t, &t->nodes[j], bridge));
        command_set(c, bridge, wanted ? 0 : COMMAND_MASTER,
                    wanted ? COMMAND_MASTER | COMMAND_MEMORY : 0);
    }
}

/* Maps the pages of the MSI-X table for a moment and writes it. */
static int write_table(const struct tree *t, const struct node *n,
                       uint32_t vectors, char *why)
{
    struct holding *h = holding_of(t, n);
    uint32_t bar = msix_bar(n), offset = msix_offset(n);
    uint64_t first = offset & ~(PAGE_SIZE - 1);
    uint64_t bytes = offset + vectors * MSIX_ENTRY_BYTES - first;
    size_t pages = (bytes + PAGE_SIZE - 1) / PAGE_SIZE;
    struct memory m;
    uint64_t status;
    cap_t frames;

    if (bar >= PCI_BARS || h->bars[bar] == 0 ||
        first + pages * PAGE_SIZE > bar_page_bytes(&n->bars[bar]))
        return REFUSE(why, SERVICE_UNSUPPORTED,
                      "%s: its MSI-X table is in no BAR that can be mapped",
                      address_text(n));
    frames = slot_alloc_run(pages);
    status = frames == 0 ? ERR_LIMIT
                         : untyped_retype(h->bars[bar], CAP_FRAME, PAGE_BITS,
                                          pages, 0, frames, first)
                               .status;
    if (status != OK) {
        if (frames != 0)
            slot_free_run(frames, pages);
        return REFUSE(why, SERVICE_BUSY, "%s: the pages of its MSI-X table: %s",
                      address_text(n), status_text(status));
    }
    if (memory_map(frames, pages, PAGE_BITS,
                   MAP_READ | MAP_WRITE | MAP_UNCACHED, &m) != OK) {
        cap_delete_run(frames, pages);
        return REFUSE(why, SERVICE_NO_MEMORY, "%s: cannot map its MSI-X table",
                      address_text(n));
    }
    msix_write((volatile uint32_t *)m.address + (offset - first) / 4,
               h->vectors, vectors);
    memory_unmap(&m);
    return 0;
}

int claim_enable(const struct config_space *c, struct tree *t, struct node *n,
                 uint32_t vectors, char *why)
{
    struct holding *h = holding_of(t, n);
    int error = 0;

    if (n->state != PCI_CLAIMED)
        return REFUSE(why, SERVICE_BAD_REQUEST, "%s is not claimed",
                      address_text(n));
    if (vectors > n->vectors || vectors > VECTORS_MAX)
        return REFUSE(why, SERVICE_TOO_LARGE, "%s has %u interrupt vectors",
                      address_text(n), n->vectors);
    claim_power_bridges(c, t);
    command_set(c, n, 0, COMMAND_MEMORY);
    if (vectors > 0 && n->msix != 0) {
        msix_prepare(c, n);
        error = write_table(t, n, vectors, why);
        if (error == 0)
            msix_enable(c, n);
    } else if (vectors > 0) {
        msi_enable(c, n, &h->vectors[0]);
    }
    if (error != 0) {
        scan_silence(c, n);
        return error;
    }
    h->enabled = vectors;
    h->mastered = true;
    command_set(c, n, 0, COMMAND_MASTER);
    return 0;
}

int claim_reset(const struct config_space *c, struct tree *t, struct node *n,
                char *why)
{
    struct holding *h = holding_of(t, n);
    uint64_t begun = clock_now(), now;
    bool reset;

    if (n->state != PCI_CLAIMED)
        return REFUSE(why, SERVICE_BAD_REQUEST, "%s is not claimed",
                      address_text(n));
#ifndef MUTATION_no_reset_pause
    if (begun < h->reset_again)
        return REFUSE(why, SERVICE_BUSY, "%s was reset a moment ago",
                      address_text(n));
#endif
    reset = reset_function(c, t, n, why);
    now = clock_now();
    h->reset_again = now + RESET_PAUSE * (now - begun);
    if (!reset)
        return SERVICE_UNSUPPORTED;
    if (!h->mastered)
        return 0; /* it was never switched on: so it stays off */
    command_set(c, n, 0, COMMAND_MEMORY);
    if (h->enabled > 0 && n->msix != 0)
        msix_enable(c, n);
    else if (h->enabled > 0)
        msi_enable(c, n, &h->vectors[0]);
    command_set(c, n, 0, COMMAND_MASTER);
    return 0;
}
