/*
 * Checks of what a component is handed when it starts: init names all of it on
 * one page, puts it in the component's table, and cuts its budget evenly among
 * its threads.
 */
#include "check.h"

#include <cordon/manifest.h>
#include <string.h>

static unsigned interrupts_of(const struct component *c)
{
    unsigned count = 0;

    for (unsigned i = 0; i < c->devices.count; i++) {
        const struct device *d = LIST_ITEM(c->devices, struct device, i);

        if (d->interrupts != NULL && is_good(&d->interrupts->count))
            count += (unsigned)d->interrupts->count.number;
    }
    return count;
}

/* As manifest_grants() counts them. */
static void check_grants(struct report *r, const struct component *c)
{
    unsigned interrupts = interrupts_of(c);
    unsigned threads = is_good(&c->threads) ? (unsigned)c->threads.number : 1;
    unsigned services = c->offers.count + c->uses.count;
    unsigned devices = c->devices.count * MANIFEST_GRANTS_DEVICE;
    unsigned grants =
        services + c->ioports.count + c->irqs.count + threads - 1 + devices +
        interrupts +
        (is_good(&c->role) && c->role.number == MANIFEST_ROLE_PCI_SERVER);

    if (grants > MANIFEST_GRANTS_MAX) {
        report_error(r, c->place, "%u capabilities at start, at most %u",
                     grants, MANIFEST_GRANTS_MAX);
        report_hint(r,
                    "%u for services, %u for devices, %u for interrupts, %u "
                    "for threads: split the component",
                    services, devices, interrupts, threads - 1);
    } else if (is_good(&c->capabilities) &&
               MANIFEST_GRANTS_FIRST + grants > c->capabilities.number) {
        report_error(r, c->capabilities.place,
                     "capabilities: %s slots, it needs %u at start",
                     c->capabilities.text, MANIFEST_GRANTS_FIRST + grants);
        report_hint(r, "it needs some more to work with: write a larger power "
                       "of two");
    }
}

static void check_args(struct report *r, const struct component *c)
{
    size_t bytes = is_good(&c->name) ? strlen(c->name.text) + 1 : 1;

    for (unsigned i = 0; i < c->args.count; i++) {
        const struct value *arg = LIST_ITEM(c->args, struct value, i);

        bytes += is_good(arg) ? strlen(arg->text) + 1 : 0;
    }
    if (bytes <= MANIFEST_ARG_BYTES_MAX)
        return;
    report_error(r, c->args.place, "args: %zu bytes in all, at most %u", bytes,
                 MANIFEST_ARG_BYTES_MAX);
    report_hint(r, "the component's name counts, and one byte after each");
}

static void check_threads(struct report *r, const struct component *c)
{
    const struct budget *b = c->budget;

    if (b == NULL || !is_good(&b->budget) || !is_good(&c->threads) ||
        b->budget.number / c->threads.number >= MANIFEST_BUDGET_MIN)
        return;
    report_error(r, c->threads.place,
                 "threads: %s share a budget of %s, each needs 10us",
                 c->threads.text, b->budget.text);
    report_hint(r, "raise the budget, and the period with it if need be");
}

static void check_server(struct report *r, const struct component *c)
{
    if (!is_good(&c->role) || c->role.number != MANIFEST_ROLE_PCI_SERVER ||
        c->offers.count != 0)
        return;
    report_error(r, c->role.place, "role pci-server without `offers`");
    report_hint(r, "init and the drivers call the service that it offers "
                   "first: add `offers: [pci]`");
}

void check_start(struct report *r, struct policy *policy)
{
    for (unsigned i = 0; i < policy->components.count; i++) {
        const struct component *c = policy_component(policy, i);

        check_grants(r, c);
        check_args(r, c);
        check_threads(r, c);
        check_server(r, c);
    }
}
