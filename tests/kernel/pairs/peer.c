/* The other address space, as the benchmarks have it. */
#include "../bench/peer.c"
