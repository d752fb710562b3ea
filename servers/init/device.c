/*
 * The book of devices: which function each line of the policy means. The first
 * line that names a function keeps it; what the machine does not have, or
 * cannot keep apart, is refused by line. device_grant.c goes on from here.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cordon/cordon.h>

#include "servers/init/device.h"
#include "servers/init/log.h"
#include "servers/init/ram.h"

#define OTHERS_MAX 64u /* devices of a kind that are told */

struct device_book devices[MANIFEST_DEVICES_MAX];
uint32_t device_count;

static void address_text(uint32_t address, char *out)
{
    snprintf(out, DEVICE_NAME, "%02x:%02x.%x", PCI_BUS(address),
             PCI_DEVICE(address), PCI_FUNCTION_OF(address));
}

void device_open(void)
{
    device_count = manifest.header->device_count;
    for (uint32_t i = 0; i < device_count; i++)
        devices[i].policy = &manifest.devices[i];
    device_fault_open();
}

void device_refuse(struct device_book *d, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(d->refused, sizeof d->refused, format, args);
    va_end(args);
}

static const char *selector_text(const struct manifest_device *p)
{
    static char text[32];

    if (p->select == MANIFEST_SELECT_CLASS)
        snprintf(text, sizeof text, "class %02x:%02x:%02x", p->value >> 16,
                 (p->value >> 8) & 0xff, p->value & 0xff);
    else if (p->select == MANIFEST_SELECT_ID)
        snprintf(text, sizeof text, "id %04x:%04x", p->value >> 16,
                 p->value & 0xffff);
    else
        address_text(p->value, text);
    return text;
}

static void find(struct device_book *d)
{
    uint32_t handle;

    if (pci_find(pci_endpoint, d->policy->select, d->policy->value,
                 d->policy->mask, d->policy->index, &handle) != 0) {
        device_refuse(d, "no device number %u of %s: %s", d->policy->index,
                      selector_text(d->policy), pci_reason());
        return;
    }
    if (pci_function(pci_endpoint, handle, &d->function) != 0) {
        device_refuse(d, "%s: %s", selector_text(d->policy), pci_reason());
        return;
    }
    address_text(d->function.address, d->name);
    d->found = true;
}

/* Against those before it: the first one named keeps what two want. */
static void compare(struct device_book *d)
{
    for (struct device_book *e = devices; e < d; e++) {
        const char *other =
            manifest_component_name(&manifest, e->policy->component);

        if (!e->found)
            continue;
        if (e->function.handle == d->function.handle)
            device_refuse(d, "device %s is already `%s`'s (line %u)", d->name,
                          other, e->policy->line);
        else if (e->function.group == d->function.group &&
                 e->policy->component != d->policy->component)
            device_refuse(
                d,
                "device %s is in one group with %s, which is `%s`'s (line "
                "%u): nothing keeps their DMA apart",
                d->name, e->name, other, e->policy->line);
    }
}

/* Others of the kind that a line asks for, and that nobody has: a second disk,
 * say. Told, because it may be the one that was meant. */
static void tell_others(const struct device_book *d)
{
    const struct manifest_device *p = d->policy;
    struct pci_function f;
    char name[DEVICE_NAME], place[80];
    uint32_t handle;

    for (uint32_t i = 0; i < OTHERS_MAX; i++) {
        if (pci_find(pci_endpoint, p->select, p->value, p->mask, i, &handle) !=
                0 ||
            pci_function(pci_endpoint, handle, &f) != 0)
            return;
        address_text(f.address, name);
        if (device_of_handle(handle) == NULL)
            log_line("%sdevice %s is also of %s, and the policy gives it to "
                     "nobody: it stays off",
                     manifest_place(&manifest, p->line, place, sizeof place),
                     name, selector_text(p));
    }
}

/* Is this the first line that asks for its kind? */
static bool is_first_of_kind(const struct device_book *d)
{
    for (const struct device_book *e = devices; e < d; e++)
        if (e->policy->select == d->policy->select &&
            e->policy->value == d->policy->value &&
            e->policy->mask == d->policy->mask)
            return false;
    return true;
}

void device_resolve(void)
{
    for (uint32_t i = 0; i < device_count; i++) {
        struct device_book *d = &devices[i];

        if (d->quarantined)
            continue; /* a new server does not know */
        d->found = false;
        d->refused[0] = 0;
        find(d);
        if (d->found)
            compare(d);
    }
    for (uint32_t i = 0; i < device_count; i++)
        if (is_first_of_kind(&devices[i]))
            tell_others(&devices[i]);
}

const struct device_book *device_of_handle(uint32_t handle)
{
    for (uint32_t i = 0; i < device_count; i++)
        if (devices[i].found && devices[i].function.handle == handle)
            return &devices[i];
    return NULL;
}

void device_server_died(void)
{
    pci_endpoint = 0;
    for (uint32_t i = 0; i < device_count; i++)
        if (!devices[i].quarantined)
            device_refuse(&devices[i], "the PCI server has died");
}
