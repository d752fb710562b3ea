/*
 * Inside the model of VT-d units: one unit's state, and what its parts ask of
 * each other. Tests use vtd_model.h.
 */
#pragma once

#include "tests/unit/vtd/vtd_model.h"

#define UNIT_STRIDE 0x2000
#define UNIT_CACHE  64

struct cached_context {
    bool valid;
    uint16_t rid, id;
    uint64_t low, high;
};
struct cached_page {
    bool valid;
    uint16_t id;
    uint64_t first, size, pa;
    bool read, write;
};
struct cached_entry {
    bool valid;
    uint16_t index;
    uint64_t low, high;
};

struct unit {
    uint8_t regs[UNIT_STRIDE];
    uint64_t root, remap;
    bool translating, remapping, queueing;
    bool unfenced;   /* a context flush that nothing waits for yet */
    unsigned record; /* next fault record to fill */
    struct cached_context contexts[UNIT_CACHE];
    struct cached_page pages[UNIT_CACHE];
    struct cached_entry entries[UNIT_CACHE];
    unsigned context_next, page_next, entry_next;
};

extern struct unit model_units[MODEL_UNITS];
extern unsigned model_options;

/* memory.c: starts anew; what a unit reads, which is garbage if it was not
 * written back and the unit is not coherent. */
void memory_reset(void);
uint64_t memory_read(uint64_t pa);

/* registers.c */
uint32_t unit_get32(const struct unit *u, unsigned reg);
uint64_t unit_get64(const struct unit *u, unsigned reg);
void unit_set32(struct unit *u, unsigned reg, uint32_t v);
void unit_set64(struct unit *u, unsigned reg, uint64_t v);
/* A write to the global command register. */
void unit_command(struct unit *u, uint32_t v);
/* Records a fault. */
void unit_fault(struct unit *u, uint16_t rid, uint64_t low, bool write,
                int reason);

/* queue.c: executes descriptors up to the tail. */
void unit_queue_run(struct unit *u);
