/*
 * What the server knows about each function: struct node, in order of address,
 * and struct tree, all of them. A node's number is its handle (<cordon/pci.h>).
 */
#pragma once

#include <cordon/pci.h>

#include "servers/pci/config.h"

#define NODES_MAX 256
#define NO_NODE   0xffffu

struct node {
    uint32_t address;
    uint16_t vendor, device;
    uint32_t class_code;
    uint8_t header;    /* 0: function, 1: bridge */
    uint8_t secondary; /* bridge: bus below it */
    uint8_t port_type; /* of the Express capability */
    uint8_t multi;     /* one of several functions of its device */
    uint16_t parent;   /* the bridge above, or NO_NODE */
    uint16_t express, pm, msi, msix, af; /* offsets, 0: none */
    uint16_t acs;
    bool acs_isolates;
    bool no_soft_reset;  /* D3hot to D0 keeps its state (PM 3.2.4) */
    uint32_t msix_table; /* BAR in bits 2:0, offset in the rest */
    uint32_t vectors;
    uint32_t group;
    uint32_t requester; /* what its DMA carries */
    uint32_t state;     /* enum pci_state */
    struct pci_bar bars[PCI_BARS];
    char reason[PCI_REASON];
};

struct tree {
    struct node nodes[NODES_MAX];
    uint32_t count;
    uint32_t groups;
    bool full; /* there were more */
};

static inline bool node_is_bridge(const struct node *n)
{
    return n->header == 1;
}
