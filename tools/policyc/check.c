/*
 * Checks of components by themselves and against each other: names, roles,
 * binaries, CPU time. check_devices.c and check_services.c have the others.
 */
#include "check.h"

#include <cordon/manifest.h>
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

int is_same_text(const struct value *a, const struct value *b)
{
    return is_good(a) && is_good(b) && strcmp(a->text, b->text) == 0;
}

struct component *policy_component(const struct policy *policy, unsigned i)
{
    return LIST_ITEM(policy->components, struct component, i);
}

struct component *policy_find(const struct policy *policy, const char *name)
{
    for (unsigned i = 0; i < policy->components.count; i++) {
        struct component *c = policy_component(policy, i);

        if (is_good(&c->name) && strcmp(c->name.text, name) == 0)
            return c;
    }
    return NULL;
}

struct component *policy_role(const struct policy *policy, unsigned role)
{
    for (unsigned i = 0; i < policy->components.count; i++) {
        struct component *c = policy_component(policy, i);

        if (is_good(&c->role) && c->role.number == role)
            return c;
    }
    return NULL;
}

/* --- names and roles --- */

static void check_name(struct report *r, const struct policy *policy,
                       const struct component *c)
{
    const struct component *first;

    if (!is_good(&c->name))
        return;
    if (strcmp(c->name.text, "init") == 0) {
        report_error(r, c->name.place, "the name 'init' is taken");
        report_hint(r, "init is the built-in component that starts the others");
        return;
    }
    first = policy_find(policy, c->name.text);
    if (first != c) {
        report_error(r, c->name.place, "a second component '%s'", c->name.text);
        report_hint(r, "the first is on line %u", first->name.place.line);
    }
}

static void check_role(struct report *r, const struct policy *policy,
                       const struct component *c)
{
    const struct component *first;

    if (!is_good(&c->role) || c->role.number == MANIFEST_ROLE_NONE)
        return;
    first = policy_role(policy, (unsigned)c->role.number);
    if (first != c) {
        report_error(r, c->role.place, "a second component with role %s",
                     c->role.text);
        report_hint(r, "the first is on line %u; a role has one holder",
                    first->role.place.line);
    }
}

/* --- binaries --- */

static const char *nearest_file(struct report *r, const char *folder,
                                const char *name)
{
    const char *names[256] = {0};
    struct dirent *entry;
    size_t count = 0;
    DIR *dir = opendir(folder);

    if (dir == NULL)
        return NULL;
    while ((entry = readdir(dir)) != NULL && count < 256)
        if (entry->d_name[0] != '.')
            names[count++] =
                arena_copy(r->arena, entry->d_name, strlen(entry->d_name));
    closedir(dir);
    return nearest_word(name, names, count);
}

static void check_binary(struct report *r, const struct component *c,
                         const char *folder)
{
    const char *nearest;
    struct stat file;

    if (folder == NULL || !is_good(&c->binary) ||
        (stat(arena_print(r->arena, "%s/%s", folder, c->binary.text), &file) ==
             0 &&
         S_ISREG(file.st_mode)))
        return;
    report_error(r, c->binary.place, "binary: there is no '%s' in %s",
                 c->binary.text, folder);
    nearest = nearest_file(r, folder, c->binary.text);
    if (nearest != NULL)
        report_hint(r, "did you mean '%s'?", nearest);
    else
        report_hint(r, "is it built? `make programs` builds all of them");
}

/* --- CPU time --- */

static int has_budget(const struct component *c)
{
    return c->budget != NULL && is_good(&c->budget->cpu) &&
           is_good(&c->budget->budget) && is_good(&c->budget->period) &&
           c->budget->budget.number <= c->budget->period.number;
}

/* Share of a CPU in parts per billion. */
static uint64_t budget_share(const struct budget *b)
{
    return b->budget.number * 1000000000ull / b->period.number;
}

static void check_budget(struct report *r, const struct component *c,
                         unsigned cpus)
{
    const struct budget *b = c->budget;

    if (b == NULL)
        return;
    if (is_good(&b->cpu) && b->cpu.number >= cpus) {
        report_error(r, b->cpu.place,
                     "cpu: there is no CPU %s, the last is CPU %u", b->cpu.text,
                     cpus - 1);
        report_hint(r, "choose a smaller one, or write machine: {cpus: N}");
    }
    if (is_good(&b->budget) && is_good(&b->period) &&
        b->budget.number > b->period.number) {
        report_error(r, b->budget.place, "budget: %s exceeds the period, %s",
                     b->budget.text, b->period.text);
        report_hint(r, "budget = period is the whole CPU");
    }
}

/* Reports at the first budget that no longer fits. */
static void check_cpu_sum(struct report *r, const struct policy *policy,
                          unsigned cpu)
{
    const struct budget *over = NULL;
    const char *list = "";
    uint64_t sum = 0;

    for (unsigned i = 0; i < policy->components.count; i++) {
        const struct component *c = policy_component(policy, i);
        uint64_t share;

        if (!has_budget(c) || c->budget->cpu.number != cpu)
            continue;
        share = budget_share(c->budget);
        sum += share;
        list = arena_print(
            r->arena, "%s%s%s %.1f %%", list, list[0] == 0 ? "" : ", ",
            is_good(&c->name) ? c->name.text : "?", (double)share / 1e7);
        if (sum > 1000000000ull && over == NULL)
            over = c->budget;
    }
    if (over == NULL)
        return;
    report_error(r, over->place,
                 "CPU %u: budgets add up to %.1f %%, it has 100 %%", cpu,
                 (double)sum / 1e7);
    report_hint(r, "%s; lower a budget or move a component to another CPU",
                list);
}

/* What the command line says, else the policy, else the default. */
static unsigned cpus_of(const struct policy *policy,
                        const struct check_options *options)
{
    if (options->cpus != 0)
        return options->cpus;
    if (policy->machine != NULL && is_good(&policy->machine->cpus))
        return (unsigned)policy->machine->cpus.number;
    return CHECK_CPUS_DEFAULT;
}

void check_components(struct report *r, struct policy *policy,
                      const struct check_options *options)
{
    unsigned cpus = cpus_of(policy, options);

    if (policy->components.place.line != 0 && policy->components.count == 0) {
        report_error(r, policy->components.place, "no components");
        report_hint(r, "a system has at least one");
    }
    for (unsigned i = 0; i < policy->components.count; i++) {
        const struct component *c = policy_component(policy, i);

        check_name(r, policy, c);
        check_role(r, policy, c);
        check_binary(r, c, options->binaries);
        check_budget(r, c, cpus);
    }
    for (unsigned cpu = 0; cpu < cpus; cpu++)
        check_cpu_sum(r, policy, cpu);
}

void check_policy(struct report *r, struct policy *policy,
                  const struct check_options *options)
{
    check_components(r, policy, options);
    check_devices(r, policy);
    check_start(r, policy);
    check_services(r, policy);
}
