/*
 * The machine's device memory, which init hands to this server as a few large
 * Untypeds. BARs and the ECAM are cut out of them, each as an Untyped of its
 * own, so that a driver's window cannot reach a byte beyond its BAR's pages.
 */
#pragma once

#include <cordon/abi.h>

/* Takes what the startup page names. */
void mmio_open(void);

/*
 * Cuts [base, base + bytes) out, whole pages. Within one range given by
 * mmio_open the order must be ascending, except for mmio_reserve. Returns the
 * slot of the new Untyped, or 0: nobody may map that (it is RAM, the kernel's,
 * or cut out before).
 */
cap_t mmio_cut(uint64_t base, uint64_t bytes);

/* The same, but keeps what lies before for later cuts. */
cap_t mmio_reserve(uint64_t base, uint64_t bytes);
