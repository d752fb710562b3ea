/*
 * Slots of the component's CapTable: which are free. libsys keeps one bit a
 * slot. Everything from startup->first_free_slot on is handed out here; a run
 * of consecutive slots is what the kernel wants for objects made or Frames
 * mapped in one go.
 */
#pragma once

#include <cordon/abi.h>

/* A free slot, or 0 if the table is full. */
cap_t slot_alloc(void);

/* The first of `count` consecutive free slots, or 0 if there is no such run. */
cap_t slot_alloc_run(size_t count);

/* Gives slots back; they must be empty. */
void slot_free(cap_t slot);
void slot_free_run(cap_t slot, size_t count);

/* How many slots are free. */
size_t slot_count_free(void);

/* Deletes a capability, and with it all that was derived from it, and gives
 * its slot back. Returns the status. */
uint64_t cap_delete(cap_t slot);
uint64_t cap_delete_run(cap_t slot, size_t count);

/*
 * Derives a capability into a fresh slot. `badge` is for Endpoints and
 * Notifications whose own badge is 0; else 0. Returns the slot; 0 if the
 * table is full or the kernel refuses, then *status (if not NULL) says why.
 */
cap_t cap_copy(cap_t source, unsigned rights, uint64_t badge, uint64_t *status);

/*
 * Makes a kernel object out of the component's memory: an Endpoint, Reply,
 * Notification, Thread ... (`size_bits` as untyped_retype says, else 0).
 * Returns its slot; 0 on failure, then *status (if not NULL) says why.
 */
cap_t object_make(enum cap_type type, unsigned size_bits, uint64_t *status);

/* A sentence for people about a status. */
const char *status_text(uint64_t status);
