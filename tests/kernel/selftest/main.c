/* The kernel's self-test: every kind of operation, right and wrong. */
#include "selftest.h"

void run_tests(void)
{
    test_table();
    test_errors();
    test_memory();
    test_notifications();
    test_messages();
    test_faults();
    test_registers();
    test_cpus();
}
