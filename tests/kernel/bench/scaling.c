/* The same with few and with many capabilities and mappings alive. */
#include "bench.h"

void bench_scaling(void)
{
}
