/* What was measured: smallest and largest round, less the measuring itself. */
#include "bench.h"

#define WARM_UP 4

static uint64_t overhead = ~0ul; /* of two readings of the counter */

static void measure_overhead(void)
{
    for (int i = 0; i < 8; i++) {
        uint64_t start = cycles(), end = cycles();

        if (end - start < overhead)
            overhead = end - start;
    }
}

void figure_start(struct figure *figure, const char *name)
{
    if (overhead == ~0ul)
        measure_overhead();
    *figure = (struct figure){.name = name, .min = ~0ul};
}

void figure_add(struct figure *figure, uint64_t start, uint64_t end)
{
    uint64_t took = end - start - overhead;

    if (figure->rounds++ < WARM_UP)
        return;
    if (took < figure->min)
        figure->min = took;
    if (took > figure->max)
        figure->max = took;
}

static void print_number(uint64_t n)
{
    char digits[21] = {0}, *at = digits + 20;

    do
        *--at = (char)('0' + n % 10);
    while (n /= 10);
    print(at);
}

void figure_end(const struct figure *figure, uint64_t per)
{
    check("enough rounds", figure->rounds > WARM_UP, 1);
    print("bench ");
    print(figure->name);
    print(" ");
    print_number((figure->min + per / 2) / per);
    print(" ");
    print_number((figure->max + per / 2) / per);
    print("\n");
}
