/*
 * Every operation of the table, straight from the table: refused on an empty
 * slot, on each other type, and without each right that it needs (R2, R10).
 */
#include "selftest.h"

#define TYPE_BIT(type) (1u << (type))

struct row {
    const char *name;
    uint64_t number;
    uint32_t types, rights;
};

#define OPERATION(name, number, types, rights, fast)                           \
    {#name, number, types, rights},
static const struct row rows[] = {
#include "dispatch.inc"
};

/* A slot that holds a capability of each type, 0 where there is none. */
static cap_t samples[CAP_TYPES] = {
    [CAP_CAPTABLE] = SLOT_CAPTABLE,
    [CAP_THREAD] = SLOT_THREAD,
    [CAP_SCHED_CONTEXT] = SLOT_SCHED_CONTEXT,
    [CAP_ADDRESS_SPACE] = SLOT_SPACE,
    [CAP_FRAME] = SLOT_MESSAGE_FRAME,
    [CAP_SCHED_CONTROL] = SLOT_SCHED_CONTROL,
    [CAP_DEVICE_CONTROL] = SLOT_DEVICE_CONTROL,
    [CAP_IO_PORTS] = SLOT_IO_PORTS,
};

static void make_samples(void)
{
    static const enum cap_type made[] = {CAP_ENDPOINT, CAP_REPLY,
                                         CAP_NOTIFICATION, CAP_DOMAIN};

    samples[CAP_UNTYPED] = ram;
    for (unsigned i = 0; i < sizeof(made) / sizeof(*made); i++) {
        cap_t slot = MANY + made[i];

        /* A Domain cannot be made without an IOMMU. */
        if (untyped_retype(ram, made[i], 15, 1, 0, slot, 0).status == OK)
            samples[made[i]] = slot;
    }
}

static uint64_t refused(const struct row *row, cap_t cap)
{
    return kernel_invoke(row->number, cap, 0, 0, 0, 0, 0, 0, 0).status;
}

static void without_right(const struct row *row, cap_t sample, uint64_t right)
{
    if (captable_copy(SLOT_CAPTABLE, SPARE, 0, sample, RIGHTS_ALL & ~right, 0)
            .status != OK)
        return; /* Untyped and Reply have one holder, with all rights */
    check(row->name, refused(row, SPARE), ERR_RIGHTS);
    check("delete", captable_delete(SLOT_CAPTABLE, SPARE).status, OK);
}

static void test_row(const struct row *row)
{
    check(row->name, refused(row, 0), ERR_CAPABILITY);
    check(row->name, refused(row, SPARE), ERR_CAPABILITY);
    check(row->name, refused(row, 1ul << 40), ERR_CAPABILITY);
    for (unsigned type = 0; type < CAP_TYPES; type++) {
        if (!samples[type])
            continue;
        if (!(row->types & TYPE_BIT(type)))
            check(row->name, refused(row, samples[type]), ERR_CAPABILITY);
        else
            for (uint64_t right = 1; right <= RIGHTS_ALL; right *= 2)
                if (row->rights & right)
                    without_right(row, samples[type], right);
    }
}

void test_table(void)
{
    make_samples();
    for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        test_row(&rows[i]);
    for (unsigned type = 0; type < CAP_TYPES; type++)
        if (samples[type] == MANY + type)
            check("delete", captable_delete(SLOT_CAPTABLE, MANY + type).status,
                  OK);
}
