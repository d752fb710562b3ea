/*
 * Resets a function so that nothing of its last owner is left in it, not even
 * a DMA in flight (R4, R11).
 */
#pragma once

#include "servers/pci/node.h"

/*
 * Tries what the function offers: function-level reset, then D3hot to D0, then
 * the reset of the bus above it if nobody else below is in use. A reset counts
 * only if configuration space shows that it happened. Waits are bounded: about
 * 1.3 s a method at worst. Afterwards BARs are back and everything is off.
 *
 * Returns true, or false with the reason in `why` (PCI_REASON bytes).
 */
bool reset_function(const struct config_space *c, struct tree *t,
                    struct node *n, char *why);

/* Can it be reset at all? For lists; the answer may still be "no" later. */
bool reset_is_offered(const struct tree *t, const struct node *n);
