/*
 * libsys on the real kernel: two components of one program, a server and a
 * client that also tests itself. What holds is printed as `NAME ok`, what does
 * not as `NAME FAILED: where`; tests/boot/test_libsys.py reads the log.
 */
#pragma once

#include <cordon/cordon.h>

enum test_label {
    TEST_ECHO = 1,   /* any words -> the same words */
    TEST_LEND = 2,   /* share_lend */
    TEST_SUM = 3,    /* -> sum of the share's bytes; then each is one larger */
    TEST_GONE = 4,   /* -> 1 if the share's Frames have gone */
    TEST_LATER = 5,  /* answered by the next TEST_NOW, with its word */
    TEST_NOW = 6,    /* word */
    TEST_RINGS = 7,  /* the share holds two rings; caps: Notification to signal
                        -> Notification to signal */
    TEST_CLIENT = 8, /* badge, 0: the sender's -> struct service_client */
};

#define TEST_ENTRIES     16u
#define TEST_ENTRY_BYTES 16u

#define EXPECT(what)                                                           \
    do {                                                                       \
        if (!(what))                                                           \
            return "line " STRING(__LINE__) ": " #what;                        \
    } while (0)
#define STRING(x)  STRING2(x)
#define STRING2(x) #x

int serve(void);

/* Each returns NULL, or what did not hold. */
const char *test_start(void);
const char *test_memory(void);
const char *test_copying(void);
const char *test_heap(void);
const char *test_mmap(void);
const char *test_time(void);
const char *test_threads(void);
const char *test_conditions(void);
const char *test_locks(void);
const char *test_messages(void);
const char *test_deferral(void);
const char *test_sharing(void);
const char *test_taking_back(void);
const char *test_rings(void);
const char *test_clients(void);
