/*
 * Every error of every operation, provoked one by one (R10).
 *
 * kernel/api/operations.yaml lists the errors; its ERROR() rows are in
 * "errors.inc". For each operation there is a good call, good_OPERATION(),
 * which must succeed; for each error a case, case_OPERATION_CODE_ARGUMENT(),
 * which spoils that call in one way. The driver (main.c) makes the call and
 * checks that it fails with that code at that argument, that the bounds which
 * it names hold, and that nothing has changed. An error without a case does not
 * link.
 */
#pragma once

#include "../check.h"

struct call {
    enum operation operation;
    uint64_t v[8]; /* the capability, then arguments 1 to 7 */
    struct result result;
    bool made;     /* the case made the call itself: `result` is there */
    bool skipped;  /* a good call is not to be had; or: no test, as listed */
    bool indirect; /* the bounds are not about the argument's own value */
    bool rsi_says; /* with the error, rsi must be: */
    uint64_t rsi;
};

/* Slots of what a case finds, all made out of ROOM and gone with it. */
enum {
    ROOM = 200, /* Untyped of ROOM_BYTES */
    MEMORY,     /* Untyped of 64 KiB, unused */
    TABLE,      /* 32 slots, an endpoint in the first */
    THREAD_OF,  /* configured, stopped, without a context */
    CONTEXT,    /* set, not bound */
    ENDPOINT_OF,
    REPLY_OF,
    SIGNALS, /* a notification */
    SLEEP,   /* another, for waiting until a deadline */
    REST,    /* nobody signals this one */
    SPACE_OF,
    PAGES_OF, /* two Frames of 4 KiB */
    PAGE_2,
    PORT_RANGE, /* PORT_FIRST to + PORT_COUNT - 1 */
    DOMAIN_OF,
    DEVICE_OF, /* REQUESTER, unclaimed */
    INTERRUPT_OF,
    SPOILT,        /* what a case puts in place of a good one */
    NOTHING,       /* stays empty */
    HELPERS = 230, /* three slots for each helper thread */
    CROWD = MANY,  /* many copies, or objects */
    CROWD_SIZE = 300,
    LAST_SLOT = CROWD + CROWD_SIZE,
};
#define ROOM_BYTES  0x400000ul
#define IN_TABLE    3 /* an empty slot of TABLE */
#define TABLE_SLOTS 32
#define AT          0x40000000ul
#define PORT_FIRST  0x80 /* of power-on self-test codes: nobody minds */
#define PORT_COUNT  8
#define REQUESTER   0x110u /* behind the port 00:03.0, where nothing is */
#define REQUESTER_2 0x120u
#define MS          1000000ul

/* Must succeed: a case that cannot be set up shows nothing, and all ends. */
void must(const char *what, struct result r);
cap_t make(enum cap_type type, uint64_t size, cap_t slot);
void fixture_make(void);
void fixture_drop(void);

/* Starts helper n with a stack and a message page of its own; at a priority
 * above ours it runs at once. budget 0: as much as it wants; else nanoseconds,
 * once. Returns its Thread. */
cap_t helper_start(unsigned n, void (*run)(void), unsigned priority,
                   uint64_t budget, unsigned cpu);
_Noreturn void helper_rest(void);
#define ABOVE     252
#define FAR_ABOVE 253
/* Ours and all that is below it wait this long. */
void pause_ns(uint64_t ns);

/* Ways to spoil argument `arg` (0: the capability). */
void not_a_capability(struct call *c, unsigned arg); /* empty, beyond, other */
void without_right(struct call *c, unsigned arg, uint64_t right);
void without_write(struct call *c, unsigned arg);
void being_revoked(struct call *c, unsigned arg);
void too_deep(struct call *c, unsigned arg);
void slot_in_use(struct call *c, unsigned arg);
void slot_beyond(struct call *c, unsigned arg);

/* Defines the case of one row, and cases that are like others. */
#define CASE(name)                                                             \
    void case_##name(struct call *c __attribute__((unused)),                   \
                     unsigned arg __attribute__((unused)))
#define LIKE(name, way)                                                        \
    CASE(name)                                                                 \
    {                                                                          \
        way(c, arg);                                                           \
    }
#define VALUE(name, value)                                                     \
    CASE(name)                                                                 \
    {                                                                          \
        c->v[arg] = (value);                                                   \
    }
/* An argument that is a capability to bind. */
#define BINDS(op, what)                                                        \
    LIKE(op##_CAPABILITY_##what, not_a_capability)                             \
    LIKE(op##_RIGHTS_##what, without_write)                                    \
    LIKE(op##_BUSY_##what, being_revoked)                                      \
    LIKE(op##_DEPTH_##what, too_deep)
/* Arguments table and slot of what makes something. */
#define INTO(op)                                                               \
    LIKE(op##_CAPABILITY_table, not_a_capability)                              \
    LIKE(op##_RIGHTS_table, without_write)                                     \
    LIKE(op##_ARGUMENT_slot, slot_beyond)                                      \
    LIKE(op##_OCCUPIED_slot, slot_in_use)

#define GOOD(op)     void good_##op(struct call *c)
#define ARGS(c, ...) args_set(c, (const uint64_t[8]){__VA_ARGS__})
void args_set(struct call *c, const uint64_t v[8]);
struct result call_make(const struct call *c);

#define ERROR(op, code, name, ...)                                             \
    void good_##op(struct call *);                                             \
    void case_##op##_##code##_##name(struct call *, unsigned);
#include "errors.inc"
#undef ERROR

/* What can be read of every capability here, in one number. */
uint64_t fingerprint(void);

/* After the IOMMU has stopped answering (unconfirmed.c). */
void unconfirmed_prepare(void);
