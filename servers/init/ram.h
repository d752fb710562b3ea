/*
 * The machine's RAM: which of it has been given to whom. A component's memory
 * is one range, so that its physical addresses are known for the comparison of
 * live tables with the books (R12).
 */
#pragma once

#include <cordon/boot_info.h>

/* What the kernel told init at start. */
extern const struct boot_info *boot_info;

/* Reads how much the kernel and init's own start took. */
void ram_open(void);

/* Carves `bytes` (whole pages) into the empty slot; *physical is their address.
 * ERR_NO_MEMORY if no range has room. */
uint64_t ram_take(uint64_t bytes, cap_t slot, uint64_t *physical);

/* Bytes not given to anybody, and the largest piece of them. */
uint64_t ram_free_bytes(uint64_t *largest);
