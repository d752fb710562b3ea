/*
 * Checks of hardware: each device, port and interrupt line has one holder. That
 * two selectors meet in one function only the machine can tell; init does.
 */
#include "check.h"

#include <cordon/manifest.h>
#include <string.h>

/* --- one form for both ways to write it --- */

static void refuse_lone_keys(struct report *r, const struct component *c)
{
    const char *hint = c->devices.place.line != 0
                           ? "write it in the item of `devices`"
                           : "add `device: {id: ...}`, or remove this";

    if (c->dma.state != VALUE_ABSENT) {
        report_error(r, c->dma.place, "dma without `device`");
        report_hint(r, "%s", hint);
    }
    if (c->interrupts != NULL) {
        report_error(r, c->interrupts->place, "interrupts without `device`");
        report_hint(r, "%s", hint);
    }
}

/* `device`, `dma` and `interrupts` become the only item of `devices`. */
static void unify_devices(struct report *r, struct component *c)
{
    struct device *device = c->device;

    if (device == NULL) {
        refuse_lone_keys(r, c);
        return;
    }
    if (c->devices.place.line != 0) {
        report_error(r, device->place, "both `device` and `devices`");
        report_hint(r, "move this one into the list");
        return;
    }
    device->dma = c->dma;
    device->interrupts = c->interrupts;
    c->devices = (struct list){device->place, device, 1};
}

/* --- selectors --- */

/* The one key that selects; NULL if there are none, several or a wrong one. */
static const struct value *selector(const struct device *d)
{
    const struct value *all[] = {&d->class, &d->id, &d->address};
    const struct value *found = NULL;

    for (unsigned i = 0; i < 3; i++) {
        if (all[i]->state == VALUE_ABSENT)
            continue;
        if (found != NULL)
            return NULL;
        found = all[i];
    }
    return found != NULL && is_good(found) ? found : NULL;
}

static void check_selector(struct report *r, const struct device *d)
{
    unsigned given = (d->class.state != VALUE_ABSENT) +
                     (d->id.state != VALUE_ABSENT) +
                     (d->address.state != VALUE_ABSENT);

    if (given != 1) {
        report_error(r, d->place, "device: %s of class, id, address",
                     given == 0 ? "none" : "more than one");
        report_hint(r, "give exactly one, such as {id: \"1234:11e8\"}");
    }
    if (is_good(&d->address) && is_good(&d->index) && d->index.number != 0) {
        report_error(r, d->index.place, "index: %s beside an address",
                     d->index.text);
        report_hint(r, "one address has one function: remove the index");
    }
}

static int is_same_device(const struct device *a, const struct device *b)
{
    const struct value *x = selector(a), *y = selector(b);

    if (x == NULL || y == NULL || !is_good(&a->index) || !is_good(&b->index))
        return 0;
    return (x == &a->class) == (y == &b->class) &&
           (x == &a->id) == (y == &b->id) && x->number == y->number &&
           x->mask == y->mask && a->index.number == b->index.number;
}

static void check_claims(struct report *r, const struct policy *policy,
                         const struct component *owner, const struct device *d)
{
    for (unsigned i = 0; i < policy->components.count; i++) {
        const struct component *c = policy_component(policy, i);

        for (unsigned k = 0; k < c->devices.count; k++) {
            const struct device *other =
                LIST_ITEM(c->devices, struct device, k);

            if (other == d)
                return;
            if (!is_same_device(other, d))
                continue;
            report_error(r, d->place, "device %s index %s is claimed twice",
                         selector(d)->text, d->index.text);
            report_hint(r, "%s has it, line %u; choose another index",
                        c == owner          ? "the same component"
                        : is_good(&c->name) ? c->name.text
                                            : "a component",
                        other->place.line);
            return;
        }
    }
}

static void check_device(struct report *r, const struct policy *policy,
                         const struct component *c, const struct device *d)
{
    if (d->place.line == 0)
        return;
    check_selector(r, d);
    check_claims(r, policy, c, d);
    if (is_good(&d->dma) && is_good(&c->memory) &&
        d->dma.number > c->memory.number) {
        report_error(r, d->dma.place, "dma: %s exceeds the memory, %s",
                     d->dma.text, c->memory.text);
        report_hint(r, "DMA memory is part of `memory`: raise that");
    }
    if (policy_role(policy, MANIFEST_ROLE_PCI_SERVER) == NULL) {
        report_error(r, d->place,
                     "a device, but no component has the role "
                     "pci-server");
        report_hint(r, "only the PCI server finds and resets devices: add a "
                       "component with `role: pci-server`");
    }
}

/* --- ports and lines --- */

/* PCI configuration mechanism #1 (PCI Local Bus 3.0, 3.2.2.3.2): whoever has it
 * can move any device's windows. The kernel refuses these ports to all. */
#define PCI_CONFIG_FIRST 0xcf8
#define PCI_CONFIG_LAST  0xcff

static void check_ports(struct report *r, const struct policy *policy,
                        const struct value *ports)
{
    if (!is_good(ports))
        return;
    if (ports->number <= PCI_CONFIG_LAST && ports->mask >= PCI_CONFIG_FIRST) {
        report_error(r, ports->place,
                     "ioports: %s holds PCI configuration ports", ports->text);
        report_hint(r, "0xcf8-0xcff are nobody's: the PCI server uses memory");
        return;
    }
    for (unsigned i = 0; i < policy->components.count; i++) {
        const struct component *c = policy_component(policy, i);

        for (unsigned k = 0; k < c->ioports.count; k++) {
            const struct value *o = LIST_ITEM(c->ioports, struct value, k);

            if (o == ports)
                return;
            if (!is_good(o) || o->number > ports->mask ||
                ports->number > o->mask)
                continue;
            report_error(r, ports->place, "ioports: %s overlaps %s",
                         ports->text, o->text);
            report_hint(r, "%s has it, line %u",
                        is_good(&c->name) ? c->name.text : "a component",
                        o->place.line);
            return;
        }
    }
}

static void check_irq(struct report *r, const struct policy *policy,
                      const struct value *irq)
{
    if (!is_good(irq))
        return;
    for (unsigned i = 0; i < policy->components.count; i++) {
        const struct component *c = policy_component(policy, i);

        for (unsigned k = 0; k < c->irqs.count; k++) {
            const struct value *o = LIST_ITEM(c->irqs, struct value, k);

            if (o == irq)
                return;
            if (!is_good(o) || o->number != irq->number)
                continue;
            report_error(r, irq->place, "irqs: line %s is claimed twice",
                         irq->text);
            report_hint(r, "%s has it, line %u of the file",
                        is_good(&c->name) ? c->name.text : "a component",
                        o->place.line);
            return;
        }
    }
}

void check_devices(struct report *r, struct policy *policy)
{
    for (unsigned i = 0; i < policy->components.count; i++)
        unify_devices(r, policy_component(policy, i));
    for (unsigned i = 0; i < policy->components.count; i++) {
        const struct component *c = policy_component(policy, i);

        for (unsigned k = 0; k < c->devices.count; k++)
            check_device(r, policy, c, LIST_ITEM(c->devices, struct device, k));
        for (unsigned k = 0; k < c->ioports.count; k++)
            check_ports(r, policy, LIST_ITEM(c->ioports, struct value, k));
        for (unsigned k = 0; k < c->irqs.count; k++)
            check_irq(r, policy, LIST_ITEM(c->irqs, struct value, k));
    }
}
