/* The driver: see errors.h. */
#include "errors.h"

struct row {
    const char *name, *when;
    enum operation operation;
    enum status code;
    unsigned arg;
    bool bounds, tested;
    void (*good)(struct call *);
    void (*spoil)(struct call *, unsigned);
};

#define ERROR(op, code, name, number, has_bounds, is_tested, text)             \
    {#op " " #code " " #name,                                                  \
     text,                                                                     \
     (enum operation)NUMBER_##op,                                              \
     ERR_##code,                                                               \
     number,                                                                   \
     has_bounds,                                                               \
     is_tested,                                                                \
     good_##op,                                                                \
     case_##op##_##code##_##name},
#define OPERATION(name, number, types, rights, fast) NUMBER_##name = number,
enum {
#include "dispatch.inc"
};
static const struct row rows[] = {
#include "errors.inc"
};
#define EXIT_PORT 0xf4 /* isa-debug-exit */
#define ROWS      (sizeof(rows) / sizeof(*rows))

void must(const char *what, struct result r)
{
    if (r.status == OK)
        return;
    check(what, r.status, OK);
    ports_out(PORTS, EXIT_PORT, 1, 1);
    for (;;)
        ;
}

void args_set(struct call *c, const uint64_t v[8])
{
    for (unsigned i = 0; i < 8; i++)
        c->v[i] = v[i];
}

struct result call_make(const struct call *c)
{
    const uint64_t *v = c->v;

    return kernel_invoke(c->operation, v[0], v[1], v[2], v[3], v[4], v[5], v[6],
                         v[7]);
}

static struct call call_begin(const struct row *row)
{
    struct call c = {.operation = row->operation};

    fixture_make();
    row->good(&c);
    return c;
}

/* Without what the case spoils the call succeeds: so that alone is to blame. */
static void check_good(const struct row *row)
{
    struct call c = call_begin(row);

    if (!c.made)
        c.result = call_make(&c);
    if (!c.skipped)
        check(row->name, c.result.status, OK);
    fixture_drop();
}

/* Each of the bounds, in place of what was refused, is not refused as that. */
static void check_bounds(const struct row *row, const struct call *failed)
{
    uint64_t low = failed->result.r[0], high = failed->result.r[1];

    check(row->name, low <= high, 1);
    if (failed->indirect || row->arg == 0)
        return;
    check(row->name, failed->v[row->arg] < low || failed->v[row->arg] > high,
          1);
    for (unsigned i = 0; i < 2; i++) {
        struct call c = *failed;

        c.v[row->arg] = i ? high : low;
        if (call_make(&c).status == FAILS(row->code, row->arg))
            check(row->name, c.v[row->arg], ~c.v[row->arg]);
    }
}

static void say_provoked(const struct row *row)
{
    print("provoked ");
    print(row->name);
    print("\n");
}

static void check_failure(const struct row *row, struct call *c)
{
    uint64_t before = fingerprint();

    if (!c->made)
        c->result = call_make(c);
    check(row->name, c->result.status, FAILS(row->code, row->arg));
    if (c->result.status != FAILS(row->code, row->arg))
        return;
    say_provoked(row);
    if (c->rsi_says)
        check(row->name, c->result.r[0], c->rsi);
    if (c->made)
        return;
    if (before != fingerprint()) {
        print("FAILED: something has changed:\n");
        check(row->name, before, fingerprint());
    }
    if (row->bounds)
        check_bounds(row, c);
}

static void check_row(const struct row *row)
{
    if (boot->isolation)
        check_good(row);
    struct call c = call_begin(row);
    c.made = c.skipped = false;
    row->spoil(&c, row->arg);
    if (!c.skipped)
        check_failure(row, &c);
    fixture_drop();
}

/* Hardware has stopped confirming: what was prepared is all that there is. */
static void check_unconfirmed(const struct row *row)
{
    struct call c = {.operation = row->operation};

    row->spoil(&c, row->arg);
    if (c.skipped)
        return;
    if (!c.made)
        c.result = call_make(&c);
    check(row->name, c.result.status, FAILS(row->code, row->arg));
    if (c.result.status == FAILS(row->code, row->arg))
        say_provoked(row);
}

/* The machine with two CPUs and much memory shows only what the small one
 * cannot. Times are not exact there, and so no revoke ends in the middle. */
static bool is_large(void)
{
    return boot->cpus > 1;
}

static bool needs_large(const struct row *row)
{
    return row->spoil == case_thread_read_BUSY_itself ||
           row->spoil == case_space_map_ARGUMENT_frame ||
           row->spoil == case_untyped_retype_LIMIT_type;
}

static bool is_shown_here(const struct row *row)
{
    if (!row->tested || row->code == ERR_UNCONFIRMED)
        return false;
    if (row->code == ERR_NO_ISOLATION || !boot->isolation)
        return row->code == ERR_NO_ISOLATION && !boot->isolation;
    return needs_large(row) == is_large() ||
           row->spoil == case_sched_bind_BUSY_thread;
}

void run_tests(void)
{
    for (unsigned i = 0; i < ROWS; i++)
        if (is_shown_here(&rows[i]))
            check_row(&rows[i]);
    if (!boot->isolation || is_large())
        return;
    unconfirmed_prepare();
    for (unsigned i = 0; i < ROWS; i++)
        if (rows[i].code == ERR_UNCONFIRMED)
            check_unconfirmed(&rows[i]);
}
