/*
 * A function's way through its life: claimed for a driver, enabled once it is
 * caged, released, reset, and free again or in quarantine.
 *
 * Functions return 0 or an enum service_error; `why` (PCI_REASON bytes) then
 * says it for people.
 */
#pragma once

#include "servers/pci/node.h"

/* Cuts every BAR out of the device memory. Call once, after share_mark(). */
void claim_prepare(struct tree *t);

/* *device is the slot of the function's Device. */
int claim_take(struct tree *t, struct node *n, cap_t *device, char *why);

int claim_set_vector(struct tree *t, struct node *n, uint32_t vector,
                     uint64_t address, uint64_t data, char *why);

int claim_vector(const struct tree *t, const struct node *n, uint32_t vector,
                 uint64_t *address, uint64_t *data);

int claim_enable(const struct config_space *c, struct tree *t, struct node *n,
                 uint32_t vectors, char *why);

/* *window is the slot of a fresh device Untyped over the BAR's pages. */
int claim_window(struct tree *t, struct node *n, uint32_t bar, cap_t *window,
                 char *why);

int claim_release(const struct config_space *c, struct tree *t, struct node *n,
                  char *why);

/* A reset on the driver's own wish; it keeps what it holds. */
int claim_reset(const struct config_space *c, struct tree *t, struct node *n,
                char *why);
