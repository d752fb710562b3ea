/*
 * MMIO windows are granted in whole pages, so a BAR that shares a page with
 * another function's BAR cannot be granted to anybody.
 */
#pragma once

#include "servers/pci/node.h"

/* Marks such BARs PCI_BAR_SHARED. */
void share_mark(struct tree *t);

/* The function that shares a page with BAR `bar` of node `n`; NULL if none. */
const struct node *share_find(const struct tree *t, const struct node *n,
                              uint32_t bar);

/* A memory BAR and whose it is, for granting in ascending order. */
struct bar_ref {
    uint16_t node;
    uint16_t bar;
};

/* Lists all memory BARs by ascending address; returns how many. */
uint32_t share_sort(const struct tree *t,
                    struct bar_ref refs[NODES_MAX * PCI_BARS]);
