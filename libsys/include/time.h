/*
 * newlib's <time.h> and the clock functions that libsys adds to it.
 */
#pragma once

#include_next <time.h>
#include <sys/types.h>

#ifndef CLOCK_REALTIME
#define CLOCK_REALTIME ((clockid_t)1)
#endif
#ifndef CLOCK_MONOTONIC
#define CLOCK_MONOTONIC ((clockid_t)4)
#endif

int clock_gettime(clockid_t clock, struct timespec *out);
int clock_getres(clockid_t clock, struct timespec *out);
int nanosleep(const struct timespec *time, struct timespec *left);
