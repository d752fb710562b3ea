/*
 * The half of the protocol that is a driver's: its own function's configuration
 * space, through the filter, and its reset.
 */
#include <stdio.h>

#include <cordon/cordon.h>
#include <cordon/pci.h>

#include "servers/pci/answer.h"
#include "servers/pci/capability.h"
#include "servers/pci/claim.h"
#include "servers/pci/filter.h"

static void serve_read(struct message *m, const struct node *n)
{
    uint64_t offset = message_get(m), width = message_get(m);

    if (!message_end(m) || offset >= CONFIG_BYTES || width > 4 ||
        !filter_is_access((uint32_t)offset, (uint32_t)width)) {
        answer_malformed(m);
        return;
    }
    answer(m, 0, 1,
           config_read(space, n->address, (uint32_t)offset, (uint32_t)width),
           0);
}

static void serve_write(struct message *m, const struct node *n)
{
    uint64_t offset = message_get(m), width = message_get(m);
    uint64_t value = message_get(m);
    const char *refused;

    if (!message_end(m) || offset >= CONFIG_BYTES || width > 4 ||
        !filter_is_access((uint32_t)offset, (uint32_t)width)) {
        answer_malformed(m);
        return;
    }
    refused = filter_write(
        n, (uint32_t)offset, (uint32_t)width,
        config_read(space, n->address, (uint32_t)offset, (uint32_t)width),
        (uint32_t)value);
    if (refused != NULL) {
        snprintf(why, sizeof why, "0x%x: %s", (unsigned)offset, refused);
        answer_error(m, SERVICE_DENIED);
        return;
    }
    config_write(space, n->address, (uint32_t)offset, (uint32_t)width,
                 (uint32_t)value);
    answer(m, 0, 0, 0, 0);
}

static void serve_capability(struct message *m, const struct node *n)
{
    uint64_t id = message_get(m);
    uint32_t at;

    if (!message_end(m)) {
        answer_malformed(m);
        return;
    }
    at =
        (id & PCI_EXTENDED) != 0
            ? capability_find_extended(space, n->address, (uint32_t)id & 0xffff)
            : capability_find(space, n->address, (uint32_t)id & 0xff);
    snprintf(why, sizeof why, "it has no capability 0x%llx",
             (unsigned long long)id);
    answer(m, at != 0 ? 0 : SERVICE_NOT_FOUND, 1, at, 0);
}

static void serve_vector(struct message *m, const struct node *n)
{
    uint64_t vector = message_get(m), address = 0, data = 0;
    int error;

    if (!message_end(m) || vector > 0xffff) {
        answer_malformed(m);
        return;
    }
    snprintf(why, sizeof why, "vector %u was not given", (unsigned)vector);
    error = claim_vector(tree, n, (uint32_t)vector, &address, &data);
    answer(m, error, 2, address, data);
}

void serve_driver(struct message *m, struct node *n)
{
    switch (m->label) {
    case PCI_READ:
        serve_read(m, n);
        break;
    case PCI_WRITE:
        serve_write(m, n);
        break;
    case PCI_CAPABILITY:
        serve_capability(m, n);
        break;
    case PCI_VECTOR:
        serve_vector(m, n);
        break;
    case PCI_RESET:
        answer(m, claim_reset(space, tree, n, why), 0, 0, 0);
        break;
    default:
        answer_unknown(m);
    }
}
