/*
 * Which part this component plays, as its argument says.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/component/selftest/selftest.h"

static const struct {
    const char *name;
    const char *(*run)(void);
} tests[] = {
    {"start", test_start},
    {"memory", test_memory},
    {"copying", test_copying},
    {"heap", test_heap},
    {"mmap", test_mmap},
    {"time", test_time},
    {"threads", test_threads},
    {"conditions", test_conditions},
    {"locks", test_locks},
    {"messages", test_messages},
    {"deferral", test_deferral},
    {"sharing", test_sharing},
    {"taking-back", test_taking_back},
    {"rings", test_rings},
    {"clients", test_clients},
};

static int run_tests(void)
{
    int failed = 0;

    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        const char *wrong = tests[i].run();

        if (wrong == NULL)
            printf("%s ok\n", tests[i].name);
        else
            printf("%s FAILED: %s\n", tests[i].name, wrong);
        failed += wrong != NULL;
    }
    printf("all done, %d failed\n", failed);
    return failed;
}

/* Runs over the end of a thread's stack: the guard page must stop it. */
static volatile char sink;
static void overflow(void *depth)
{
    char frame[512];

    memset(frame, (int)(uintptr_t)depth, sizeof(frame));
    sink = frame[sink & 1];
    if ((uintptr_t)depth < 1u << 20) /* far beyond the stack */
        overflow((char *)depth + 1);
    sink = frame[2];
}

static int overflow_stack(void)
{
    unsigned cpu;
    cap_t context = thread_context(&cpu);
    struct thread *t = thread_create(overflow, NULL, 16384, context, cpu, NULL);

    return t == NULL ? 1 : (int)thread_join(t, DEADLINE_NEVER);
}

/* Little memory: it must come up, or end, and run out in good order. */
static int use_all_memory(void)
{
    void *for_printf = malloc(8000); /* it allocates when first used */
    size_t got = 0;
    int error;

    while (malloc(1000) != NULL)
        got++;
    error = errno;
    free(for_printf);
    printf("got %zu KB\n", got);
    return error == ENOMEM ? 0 : 1;
}

int main(int argc, char **argv)
{
    const char *part = argc > 0 ? argv[argc - 1] : "";

    if (strcmp(part, "server") == 0)
        return serve();
    if (strcmp(part, "overflow") == 0)
        return overflow_stack();
    if (strcmp(part, "abort") == 0)
        abort();
    if (strcmp(part, "tiny") == 0)
        return use_all_memory();
    return run_tests();
}
