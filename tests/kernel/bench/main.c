/* The kernel's benchmarks; tools/bench boots this in place of init. */
#include "bench.h"

void run_tests(void)
{
    peer_space_make();
    bench_messages();
    bench_events();
    bench_memory();
    bench_objects();
    bench_devices();
    bench_scaling();
}
