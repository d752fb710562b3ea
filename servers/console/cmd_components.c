/*
 * Commands about components: what each holds and uses, whether the hardware
 * agrees (R12), and stopping or restarting one.
 */
#include "commands.h"

#include <cordon/cordon.h>
#include <cordon/manifest.h>
#include <cordon/monitor.h>
#include <stdio.h>
#include <string.h>

#include "servers/console/table.h"

#define RED    31u
#define GREEN  32u
#define YELLOW 33u

static const char *state_text(uint32_t state)
{
    static const char *const texts[] = {
        [MONITOR_NOT_STARTED] = "not started", [MONITOR_RUNNING] = "running",
        [MONITOR_EXITED] = "exited",           [MONITOR_FAILED] = "failed",
        [MONITOR_WAITING] = "waiting",
    };

    return state < sizeof(texts) / sizeof(texts[0]) ? texts[state] : "?";
}

static void state_colour(struct table *t, uint32_t state)
{
    if (!shell_has_colour() || state == MONITOR_RUNNING)
        return;
    table_colour(t, state == MONITOR_FAILED ? RED : YELLOW);
}

/* "-" where there is nothing, so that what there is stands out. */
static void add_count(struct table *t, uint64_t n)
{
    if (n)
        table_add(t, "%llu", (unsigned long long)n);
    else
        table_add(t, "-");
}

static void add_bytes(struct table *t, uint64_t bytes)
{
    char text[16];

    table_add(t, "%s", bytes ? format_bytes(text, sizeof(text), bytes) : "-");
}

/* "9/10 ms" */
static void add_budget(struct table *t, const struct monitor_component *c)
{
    if (c->budget_ns % NS_PER_MS || c->period_ns % NS_PER_MS)
        table_add(t, "%llu/%llu us", (unsigned long long)c->budget_ns / 1000,
                  (unsigned long long)c->period_ns / 1000);
    else
        table_add(t, "%llu/%llu ms",
                  (unsigned long long)(c->budget_ns / NS_PER_MS),
                  (unsigned long long)(c->period_ns / NS_PER_MS));
}

static void add_cage(struct table *t, const struct monitor_component *c)
{
    char text[32];

    state_colour(t, c->state);
    table_add(t, "%s", c->name);
    table_add(t, "%s", state_text(c->state));
    add_bytes(t, c->window_bytes);
    add_bytes(t, c->dma_bytes);
    add_count(t, c->interrupts);
    table_add(t, "%u", (unsigned)c->cpu);
    add_budget(t, c);
    table_add(t, "%s", format_time(text, sizeof(text), c->consumed_ns));
    add_count(t, c->faults + c->device_faults);
    add_count(t, c->restarts);
}

static int service_failed(const char *subject, int error)
{
    return shell_fail(subject, service_error_text((uint64_t)error));
}

/* What the table has no room for: the last thing that happened to each. */
static void print_notes(cap_t monitor, uint32_t count)
{
    struct monitor_component c;

    for (uint32_t i = 0; i < count; i++)
        if (!monitor_component(monitor, i, &c) && c.text[0])
            printf("%s: %s%.*s\n", c.name,
                   c.state == MONITOR_RUNNING ? "restarted after: " : "",
                   (int)sizeof(c.text), c.text);
}

static int do_cages(int argc, char **argv)
{
    static struct table t;
    struct monitor_system system;
    cap_t monitor;
    struct monitor_component c;
    int error;

    (void)argv;
    error = command_monitor(argc, &monitor, &system);
    if (error != SHELL_OK)
        return error;
    command_table(&t, "component|state|>windows|>DMA|>IRQs|>CPU|>budget|>used|"
                      ">faults|>restarts");
    for (uint32_t i = 0; i < system.components; i++) {
        error = monitor_component(monitor, i, &c);
        if (error)
            return service_failed(NULL, error);
        add_cage(&t, &c);
    }
    table_print(&t);
    print_notes(monitor, system.components);
    return SHELL_OK;
}

static int do_free(int argc, char **argv)
{
    static struct table t;
    struct monitor_system system;
    cap_t monitor;
    struct monitor_component c;
    int error;

    (void)argv;
    error = command_monitor(argc, &monitor, &system);
    if (error != SHELL_OK)
        return error;
    command_table(&t, "memory|>bytes");
    for (uint32_t i = 0; i < system.components; i++) {
        if (monitor_component(monitor, i, &c))
            continue;
        table_add(&t, "%s", c.name);
        add_bytes(&t, c.memory_bytes);
    }
    table_add(&t, "all components");
    add_bytes(&t, system.memory_given);
    table_add(&t, "not given");
    add_bytes(&t, system.memory_free);
    table_add(&t, "the machine");
    add_bytes(&t, system.ram_bytes);
    table_print(&t);
    return SHELL_OK;
}

/* One row of `verify`; 1 if the component's tables differ. */
static unsigned add_verified(struct table *t, const struct monitor_verify *v)
{
    if (!v->exact && shell_has_colour())
        table_colour(t, RED);
    table_add(t, "%s", v->name);
    table_add(t, "%s", v->exact ? "exact" : "DIFFERS");
    add_count(t, v->mappings);
    add_bytes(t, v->ram_bytes);
    add_bytes(t, v->window_bytes);
    add_bytes(t, v->dma_bytes);
    add_count(t, v->devices);
    add_count(t, v->interrupts);
    return !v->exact;
}

static void print_difference(const struct monitor_verify *v)
{
    if (!v->exact)
        printf("%s: %u difference%s, the first: %.*s\n", v->name,
               (unsigned)v->differences, v->differences == 1 ? "" : "s",
               (int)sizeof(v->text), v->text);
}

/* Verify every component that runs; what differs is said behind the table. */
static int verify_all(cap_t monitor, uint32_t components, unsigned *differ)
{
    static struct monitor_verify found[MANIFEST_COMPONENTS_MAX];
    static struct table t;
    uint32_t n = 0;

    command_table(&t, "component|verdict|>mappings|>memory|>windows|>DMA|"
                      ">devices|>IRQs");
    for (uint32_t i = 0; i < components && n < MANIFEST_COMPONENTS_MAX; i++) {
        int error = monitor_verify(monitor, i, &found[n]);

        if (error == SERVICE_NOT_FOUND) /* it does not run */
            continue;
        if (error)
            return service_failed(NULL, error);
        *differ += add_verified(&t, &found[n++]);
    }
    table_print(&t);
    for (uint32_t i = 0; i < n; i++)
        print_difference(&found[i]);
    return SHELL_OK;
}

/* R12: compare the live tables of every component with the policy. */
static int do_verify(int argc, char **argv)
{
    struct monitor_system system;
    cap_t monitor;
    unsigned differ = 0;
    int error;

    (void)argv;
    error = command_monitor(argc, &monitor, &system);
    if (error != SHELL_OK)
        return error;
    if (verify_all(monitor, system.components, &differ))
        return SHELL_FAILED;
    if (differ)
        return shell_fail(NULL,
                          "the hardware does not say what the policy says");
    printf("the hardware says what %s says\n", system.policy);
    return SHELL_OK;
}

/* The number of the component of that name; not 0 and said so if none. */
static int component_find(cap_t monitor, const char *name, uint32_t *number)
{
    struct monitor_component c;

    for (*number = 0; !monitor_component(monitor, *number, &c); ++*number)
        if (!strcmp(c.name, name))
            return 0;
    return shell_fail(name, "no such component; `cages` lists them");
}

/* init answers, then acts, then takes the next request: so when the second call
 * is answered, it is done, and the next command finds the component as it is.
 */
static int act(int argc, char **argv, int (*action)(cap_t, uint32_t))
{
    struct monitor_component after;
    cap_t monitor;
    uint32_t number;
    int error;

    if (argc != 2)
        return shell_usage();
    monitor = command_service("monitor");
    if (!monitor || component_find(monitor, argv[1], &number))
        return SHELL_FAILED;
    fflush(stdout);
    error = action(monitor, number);
    if (!error)
        error = monitor_component(monitor, number, &after);
    if (error == SERVICE_NOT_FOUND)
        return shell_fail(argv[1], "it does not run");
    return error ? service_failed(argv[1], error) : SHELL_OK;
}

static int do_kill(int argc, char **argv)
{
    return act(argc, argv, monitor_kill);
}

static int do_restart(int argc, char **argv)
{
    return act(argc, argv, monitor_restart);
}

const struct command commands_components[] = {
    {"cages", "", "components: what each holds, uses and did wrong", do_cages,
     COMMAND_NO_WORDS},
    {"verify", "", "compare the hardware's live tables with the policy",
     do_verify, COMMAND_NO_WORDS},
    {"free", "", "memory of each component", do_free, COMMAND_NO_WORDS},
    {"kill", "COMPONENT", "stop a component as a fault would", do_kill,
     COMMAND_COMPONENTS},
    {"restart", "COMPONENT", "stop a component and start it afresh", do_restart,
     COMMAND_COMPONENTS},
    {0},
};
