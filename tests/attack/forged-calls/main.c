/*
 * Every operation of the table, straight from the table, where it must be
 * refused (R2): on slot numbers that name nothing, on capabilities of another
 * type, on capabilities without a right. Whatever is not refused is used to
 * change the sealed page.
 */
#include "tests/attack/sealed.h"

#define TYPE_BIT(type) (1u << (type))
#define OPERATION(name, number, types, rights, fast)                           \
    {#name, number, types, rights},
static const struct row {
    const char *name;
    uint64_t number;
    uint32_t types, rights;
} rows[] = {
#include "dispatch.inc"
};
#define ROWS (sizeof(rows) / sizeof(*rows))
#undef OPERATION

/* The arguments that name a capability. */
#define OPERATION(name, number, types, rights, fast) NUMBER_##name = number,
enum {
#include "dispatch.inc"
};
#define ERROR(op, code, name, number, bounds, tested, when)                    \
    {NUMBER_##op, ERR_##code, number},
static const struct argument {
    uint64_t operation;
    enum status code;
    unsigned number;
} arguments[] = {
#include "errors.inc"
};

/* A capability of each type that a component has or can make; 0: none. */
static cap_t samples[CAP_TYPES];
static struct sealed sealed;

static void sample_make(enum cap_type type, unsigned size)
{
    uint64_t status;

    samples[type] = object_make(type, size, &status);
    if (samples[type] == 0)
        attack_error("sample", status);
}

static void samples_make(void)
{
    sample_make(CAP_UNTYPED, 14);
    sample_make(CAP_CAPTABLE, 4);
    sample_make(CAP_THREAD, 0);
    sample_make(CAP_SCHED_CONTEXT, 0);
    sample_make(CAP_ENDPOINT, 0);
    sample_make(CAP_REPLY, 0);
    sample_make(CAP_NOTIFICATION, 0);
    sample_make(CAP_ADDRESS_SPACE, 14);
    sample_make(CAP_DOMAIN, 14);
    samples[CAP_IO_PORTS] = attack_ports;
    samples[CAP_FRAME] = sealed.frame;
}

static uint64_t call(uint64_t number, cap_t cap, const uint64_t a[8])
{
    return kernel_invoke(number, cap, a[1], a[2], a[3], a[4], a[5], a[6], a[7])
        .status;
}

static const uint64_t zeros[8];

/* It is over when one call gets through. */
static void must_fail(const char *name, uint64_t status, enum status code)
{
    if (STATUS_CODE(status) == code)
        return;
    say("breach: %s: %s", name, status_text(status));
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}

/* `good` is a slot that holds something. */
#define FORGED 12
static void forge(cap_t good, cap_t forged[FORGED])
{
    uint64_t status;
    cap_t stale = object_make(CAP_NOTIFICATION, 0, &status);
    const cap_t numbers[FORGED] = {
        0,
        stale, /* held a capability until now */
        startup->table_slots - 1,
        startup->table_slots,
        startup->table_slots + good,
        good | 1ul << 32,
        good | 1ul << 58, /* times 64 it is the same */
        good | 1ul << 63,
        -good,
        ~0ul,
        0xffff800000000000ul,
        (cap_t)(uintptr_t)&good,
    };

    cap_delete(stale);
    memcpy(forged, numbers, sizeof(numbers));
}

static void try_numbers(void)
{
    cap_t forged[FORGED];

    for (size_t i = 0; i < ROWS; i++)
        for (unsigned type = 0; type < CAP_TYPES; type++) {
            if (!(rows[i].types & TYPE_BIT(type)) || !samples[type])
                continue;
            forge(samples[type], forged);
            for (unsigned k = 0; k < FORGED; k++)
                must_fail(rows[i].name, call(rows[i].number, forged[k], zeros),
                          ERR_CAPABILITY);
        }
}

static const struct row *row_of(uint64_t number)
{
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].number == number)
            return &rows[i];
    return NULL;
}

/* As the only argument that is not 0: if another is refused first, that is
 * as well. What would succeed with 0 has no other. */
static void try_arguments(void)
{
    cap_t forged[FORGED];

    for (size_t i = 0; i < sizeof(arguments) / sizeof(*arguments); i++) {
        const struct argument *a = &arguments[i];
        const struct row *row = row_of(a->operation);

        for (unsigned type = 0; type < CAP_TYPES; type++) {
            if (a->code != ERR_CAPABILITY || !samples[type] ||
                !(row->types & TYPE_BIT(type)))
                continue;
            forge(samples[type], forged);
            for (unsigned k = 1; k < FORGED; k++) {
                uint64_t v[8] = {0};

                v[a->number] = forged[k];
                if (call(a->operation, samples[type], v) == OK)
                    must_fail(row->name, OK, ERR_CAPABILITY);
            }
        }
    }
}

/* thread_set_tls would write this into the page. */
#define SOMEWHERE 0x7a7a7a7a7a7aul

static void try_types(void)
{
    const uint64_t where[8] = {0, SOMEWHERE};

    must_fail("thread_set_tls", call(OP_THREAD_SET_TLS, sealed.frame, where),
              ERR_CAPABILITY);
    for (size_t i = 0; i < ROWS; i++)
        for (unsigned type = 0; type < CAP_TYPES; type++)
            if (samples[type] && !(rows[i].types & TYPE_BIT(type))) {
                must_fail(rows[i].name,
                          call(rows[i].number, samples[type], zeros),
                          ERR_CAPABILITY);
                must_fail(rows[i].name,
                          call(rows[i].number, samples[type], where),
                          ERR_CAPABILITY);
            }
}

static void try_without(const struct row *row, cap_t sample, unsigned right)
{
    uint64_t status;
    cap_t copy = cap_copy(sample, RIGHTS_ALL & ~right, 0, &status);

    if (copy == 0)
        return; /* Untyped and Reply have one holder, with all rights */
    must_fail(row->name, call(row->number, copy, zeros), ERR_RIGHTS);
    cap_delete(copy);
}

static void try_rights(void)
{
    uint64_t status;
    cap_t space = cap_copy(STARTUP_SPACE, RIGHT_READ, 0, &status);
    const uint64_t map[8] = {0, sealed.frame, 1, sealed.address,
                             MAP_READ | MAP_WRITE};

    status = call(OP_SPACE_MAP, space, map);
    if (status == OK)
        sealed_break(&sealed);
    must_fail("space_map", status, ERR_RIGHTS);
    for (size_t i = 0; i < ROWS; i++)
        for (unsigned type = 0; type < CAP_TYPES; type++)
            for (unsigned right = 1; right <= RIGHTS_ALL; right *= 2)
                if (samples[type] && rows[i].types & TYPE_BIT(type) &&
                    rows[i].rights & right)
                    try_without(&rows[i], samples[type], right);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    attack_open();
    sealed = sealed_make();
    samples_make();
    if (strcmp(what, "numbers") == 0) {
        try_numbers();
        try_arguments();
    } else if (strcmp(what, "types") == 0) {
        try_types();
    } else if (strcmp(what, "rights") == 0) {
        try_rights();
    } else {
        attack_error("arguments", ERR_ARGUMENT);
    }
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
