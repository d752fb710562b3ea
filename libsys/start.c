/*
 * From the first instruction to main and back: memory and slots first, then
 * thread-local storage, then constructors. If any of it fails there is nobody
 * to tell but init, so the component exits with a status of its own.
 */
#include <stdlib.h>
#include <string.h>

#include <cordon/cordon.h>
#include "libsys/runtime.h"

#define START_FAILED 127 /* exit status: the component could not start */
#define START_ARGS   32

extern int main(int argc, char **argv);
typedef void constructor(void);
extern constructor *__preinit_array_start[], *__preinit_array_end[];
extern constructor *__init_array_start[], *__init_array_end[];

const struct startup *startup;

/* newlib's exit and start-up code name these; there is nothing for them to do,
 * because the arrays above replaced them. */
void _init(void);
void _fini(void);
void _init(void)
{
}
void _fini(void)
{
}

/* Only init is started with struct boot_info; the others cannot be. */
__attribute__((weak)) const struct startup *
startup_from_boot_info(const struct boot_info *info)
{
    (void)info;
    return NULL;
}

const struct startup_cap *startup_find(enum startup_kind kind, const char *name,
                                       unsigned index)
{
    for (uint32_t i = 0; i < startup->cap_count; i++) {
        const struct startup_cap *cap = &startup->caps[i];

        if (cap->kind != kind ||
            (name != NULL && strncmp(cap->name, name, sizeof(cap->name)) != 0))
            continue;
        if (index-- == 0)
            return cap;
    }
    return NULL;
}

static void run(constructor **from, constructor **to)
{
    for (; from < to; from++)
        (*from)();
}

/* main may write into its arguments, so they are copied out of the page. */
static int call_main(void)
{
    static char args[sizeof(startup->args)];
    static char *argv[START_ARGS + 1];
    const char *end = args + sizeof(args) - 1;
    char *next = args;
    uint32_t argc = 0;

    memcpy(args, startup->args, sizeof(args) - 1);
    while (argc < startup->argc && argc < START_ARGS && next < end) {
        argv[argc++] = next;
        next += strlen(next) + 1;
    }
    return main((int)argc, argv);
}

void libsys_start(const void *info)
{
    const struct startup *s = info;

    if (s->magic == BOOT_INFO_MAGIC)
        s = startup_from_boot_info(info);
    if (s == NULL || s->magic != STARTUP_MAGIC || s->size < sizeof(*s) ||
        libsys_locks_present == 0)
        __builtin_trap();
    startup = s;
    slots_start(s);
    memory_start(s);
    if (thread_start_first(s) != OK)
        component_exit(START_FAILED);
    run(__preinit_array_start, __preinit_array_end);
    run(__init_array_start, __init_array_end);
    exit(call_main());
}
