/*
 * What the tests of test_kernel.c share (it has the code): calls after each of
 * which the whole machine is checked, on every kind of machine.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <cordon/operations.h>
#include "tests/host/world.h"

#define ARGS(...)   ((const uint64_t[7]){__VA_ARGS__})
#define FREE_FRAME  (WORLD_FRAMES + 2)
#define FREE_FRAMES 6
#define AT          0x400000ul
#define RW          (MAP_READ | MAP_WRITE)

/* The operation by the first thread; its status. */
uint64_t call(uint64_t operation, cap_t slot, const uint64_t args[7]);

#define OK_CALL(operation, slot, ...)                                          \
    assert_int_equal(call(operation, slot, ARGS(__VA_ARGS__)), OK)

/* Runs a test on each kind of machine: with and without PCIDs, for units of
 * several kinds. */
void on_all(void (*test)(void));

/* memory.c */
void test_spaces(void **state);
void test_deletion(void **state);
void test_rights(void **state);
void test_zeroing(void **state);
void test_limits(void **state);
void test_refusals(void **state);
void test_steps(void **state);
void test_quarantine(void **state);

/* devices.c */
void test_devices(void **state);
void test_interrupts(void **state);
void test_dma_faults(void **state);
void test_device_table(void **state);

/* threads.c */
void test_messages(void **state);
void test_page_faults(void **state);
void test_budgets(void **state);
void test_donation(void **state);
void test_turns(void **state);
void test_timers(void **state);
