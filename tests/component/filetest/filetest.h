/*
 * Clients of the file service that test it: see main.c.
 */
#pragma once

#include <stdio.h>

/* Ends a test with what did not hold. */
#define EXPECT(what)                                                           \
    do {                                                                       \
        if (!(what))                                                           \
            return #what;                                                      \
    } while (0)

/* Each returns null, or what did not hold. */
const char *test_posix(void);
const char *test_hostile(void);
const char *test_write(void);
