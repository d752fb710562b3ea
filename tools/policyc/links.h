/*
 * Who can call whom, directly and through others: the graph that --reach and
 * --dot both draw.
 */
#pragma once

#include <cordon/manifest.h>

/* How component `from` reaches component `to`. */
enum link {
    LINK_NONE,
    LINK_THROUGH, /* somebody it calls, calls it (or so on) */
    LINK_DIRECT,  /* it uses a service */
};

struct links {
    unsigned count;
    unsigned char of[MANIFEST_COMPONENTS_MAX][MANIFEST_COMPONENTS_MAX];
    int server; /* the PCI server's number, or -1 */
};

/* A component with a device also calls the PCI server, about that device. */
void links_find(const struct manifest *m, struct links *out);
