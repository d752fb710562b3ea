/*
 * The components: one struct each, with what init holds for them. What a life
 * of a component needs is carved out of its own memory (`holder`), so ending
 * that life is one revoke and takes everything (R4, R8).
 */
#pragma once

#include <cordon/abi.h>
#include <cordon/manifest.h>
#include <cordon/memory.h>
#include <cordon/monitor.h>
#include <cordon/startup.h>

/* Where things lie in a component's address space; programs end below
 * STARTUP_ADDRESS. What is not named is not mapped, so both ends of the stack
 * have guards. */
#define MESSAGE_ADDRESS 0x10010000ul
#define STACK_BYTES     (128ul << 10)
#define STACK_TOP       0x18000000ul
#define HEAP_ADDRESS    0x20000000ul
#define HEAP_END        0x7000000000ul
#define LENT_ADDRESS    HEAP_END /* see spare.h */
#define LENT_END        0x8000000000ul

#define LIFE_RUNS_MAX 64
#define SPARE_PAGES   8  /* more than one instruction of each thread touches */
#define SPARE_TABLES  8  /* for those in the place of a large Frame */
#define SPACE_BITS    16 /* address space and first tables: 64 KiB */
#define DOMAIN_BITS   15 /* domain and first tables: 32 KiB */

/* Slots in init's table that are empty again after the life. */
struct slot_run {
    cap_t first;
    size_t count;
};

struct component {
    const struct manifest_component *policy;
    uint32_t number;
    const char *name;

    uint32_t state; /* enum monitor_state */
    uint32_t restarts, faults;
    uint32_t said;       /* messages that it logged in this life */
    uint64_t restart_at; /* WAITING: when, monotonic ns */
    uint64_t ask_again;  /* questions: not before, monotonic ns (R7) */
    uint64_t past_device_faults;
    bool ready;              /* it said so */
    bool memory_quarantined; /* a device might still write to it (R4) */
    char text[MONITOR_TEXT];

    /* for ever */
    cap_t holder;      /* Untyped of all its memory; 0: none yet */
    uint64_t physical; /* its address */
    cap_t fault;       /* init's endpoint with its badge */

    /* this life, all in slots of `runs` */
    cap_t source; /* Untyped, the same range; moved to it at the end */
    cap_t table, space, thread, contexts, message;
    uint32_t context_count;
    uint32_t next_slot;   /* in its table */
    struct startup *page; /* mapped while it is being built */
    struct memory page_memory;
    struct slot_run runs[LIFE_RUNS_MAX];
    uint32_t run_count;

    /* this life: pages for lent memory that was taken back (spare.c) */
    cap_t spares;       /* run of Untypeds of a page each; 0: it has none */
    cap_t spare_frames; /* run of slots: the Frame of each, if it is in use */
    uint64_t spare_at[SPARE_PAGES]; /* where it is mapped, or 0 */
    uint32_t spare_next;            /* that has been in use for longest */
    cap_t spare_tables;             /* run of Untypeds; 0: it has none */
    uint32_t spare_tables_used;
};

extern struct manifest manifest;
extern struct component components[MANIFEST_COMPONENTS_MAX];
extern uint32_t component_count;

/*
 * Notes `format` as the component's last event and logs it behind its name and
 * the policy's place (line 0: without). Returns -1.
 */
__attribute__((format(printf, 3, 4))) int
component_say(struct component *c, uint32_t line, const char *format, ...);

/* Empty slots for this life. 0 if init's table is full. */
cap_t component_slots(struct component *c, size_t count);

/* Makes an object out of the component's memory, in a slot of this life. */
cap_t component_object(struct component *c, enum cap_type type, uint64_t size,
                       uint64_t *status);

/*
 * Builds and starts it. Returns 0, or -1 after component_say(); then nothing
 * of the life is left.
 */
int component_start(struct component *c);

/* Ends the life: cage closed, process gone, devices reset. */
void component_end(struct component *c);

/* Maps frames of this life into the component. Returns the status. */
uint64_t component_map(struct component *c, cap_t frames, size_t count,
                       uint64_t address, uint32_t attributes);

/* --- build.c --- */

/* Everything up to its first instruction. 0, or -1 after saying why; then parts
 * of the life are there and component_end() must follow. */
int component_build(struct component *c);

/* --- load.c --- */

/* Loads the program; *entry is where it starts. 0, or -1 after saying why. */
int load_program(struct component *c, uint64_t *entry);

/* --- grant.c: filling its table and startup page --- */

/* A copy of init's `source` in its next slot; 0 if that failed. */
uint32_t grant_copy(struct component *c, cap_t source, uint32_t rights,
                    uint64_t badge);
/* Moves init's `source` there. */
uint32_t grant_move(struct component *c, cap_t source);
/* Names what lies in `slot` on the startup page. */
int grant_note(struct component *c, enum startup_kind kind, uint32_t slot,
               uint32_t index, uint64_t base, uint64_t size, const char *name);

/* Services, ports and lines, and what the role brings. 0 or -1. */
int grant_all(struct component *c);

/* A component that will not come back leaves nobody waiting for it. */
void grant_withdraw_services(struct component *c);

/* The PCI server's endpoint (init's own, badge 0), or 0. */
extern cap_t pci_endpoint;

/* The server's endpoint of an offer; made when first needed. 0: failed. */
cap_t offer_endpoint(uint32_t offer);

/* init's own endpoint: faults, exits, monitor, power. */
extern cap_t own_endpoint;

/* What a sender's badge on it means. */
enum badge_purpose {
    BADGE_LIFE = 0, /* faults, exit, ready */
    BADGE_MONITOR = 1,
    BADGE_POWER = 2,
};
#define BADGE(purpose, number) ((uint64_t)(purpose) << 32 | ((number) + 1))
#define BADGE_PURPOSE(badge)   ((badge) >> 32)
#define BADGE_NUMBER(badge)    ((uint32_t)(badge)-1)
