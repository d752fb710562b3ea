/* The parts of the self-test, in the order in which they run. */
#pragma once

#include "../check.h"

void test_table(void);
void test_errors(void);
void test_memory(void);
void test_notifications(void);
void test_messages(void);
void test_faults(void);
void test_registers(void);
void test_cpus(void);
