/*
 * Process-context identifiers against a model of what CPUs may cache: after an
 * unmap no CPU uses the page again, whatever was loaded when. The model does
 * what space.c does around pcid_choose(): it counts the unmap, then tells the
 * CPUs that have the space loaded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/pcid.h"

#define CPUS   3
#define SPACES 20

struct model_cpu {
    struct pcid_cache cache;
    int cached[PCID_COUNT + 1]; /* the page that each identifier translates to;
                                 * 0: nothing */
    unsigned current;           /* identifier that is loaded */
    int space;                  /* that is loaded */
};

static struct model_cpu cpus[CPUS];
static int pages[SPACES]; /* 0: not mapped */
static uint64_t flushes[SPACES], numbers[SPACES];

static void load(struct model_cpu *cpu, int space)
{
    uint64_t value = pcid_choose(&cpu->cache, numbers[space], flushes[space]);

    cpu->current = (unsigned)(value & 0xfff);
    cpu->space = space;
    assert_in_range(cpu->current, 1, PCID_COUNT);
    if (!(value & CR3_KEEP))
        cpu->cached[cpu->current] = 0;
}

/* What a user access does: it must see the page that is mapped now. */
static void access_page(struct model_cpu *cpu)
{
    int *cached = &cpu->cached[cpu->current];

    if (*cached)
        assert_int_equal(*cached, pages[cpu->space]);
    *cached = pages[cpu->space];
}

static void unmap(int space)
{
    pages[space] = 0;
    flushes[space]++;
    for (int i = 0; i < CPUS; i++)
        if (cpus[i].space == space)
            cpus[i].cached[cpus[i].current] = 0;
}

static void test_nothing_stale(void **state)
{
    uint64_t number = 0;
    int page = 0;
    unsigned kept = 0;

    (void)state;
    memset(cpus, 0, sizeof(cpus));
    srandom(3);
    for (int i = 0; i < SPACES; i++)
        numbers[i] = ++number;
    for (int i = 0; i < CPUS; i++)
        load(&cpus[i], i);
    for (int round = 0; round < 500000; round++) {
        struct model_cpu *cpu = &cpus[random() % CPUS];
        int space = (int)(random() % SPACES);

        switch (random() % 8) {
        case 0:
            unmap(space);
            pages[space] = ++page; /* another page in its place */
            break;
        case 1:
            /* The space ends, another takes its memory. */
            unmap(space);
            numbers[space] = ++number;
            flushes[space] = 0;
            for (int i = 0; i < CPUS; i++)
                if (cpus[i].space == space)
                    load(&cpus[i], space);
            break;
        case 2:
        case 3:
        case 4:
            load(cpu, (int)(random() % (PCID_COUNT - 2)));
            kept += cpu->cached[cpu->current] != 0;
            break;
        default:
            load(cpu, space);
        }
        access_page(cpu);
    }
    assert_true(kept > 1000); /* else they are good for nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_stale),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
