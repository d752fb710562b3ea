/*
 * Who asks decides what may be asked: operations below PCI_READ are init's, the
 * others a driver's, and a driver's badge names the one function it can mean.
 * Each operation reads its words, checks that there were no more or fewer, and
 * leaves the answer in the message (R10).
 */
#include "servers/pci/serve.h"

#include <stdio.h>
#include <string.h>

#include <cordon/cordon.h>
#include <cordon/manifest.h>
#include <cordon/pci.h>

#include "servers/pci/capability.h"
#include "servers/pci/claim.h"
#include "servers/pci/ecam.h"
#include "servers/pci/filter.h"
#include "servers/pci/reset.h"

static const struct config_space *space;
static struct tree *tree;
static char why[PCI_REASON];

void serve_open(const struct config_space *c, struct tree *t)
{
    space = c;
    tree = t;
}

static void fail(struct message *m, int error)
{
    message_begin(m, (uint64_t)error);
    message_put_text(m, why);
}

/* A message that is not as the protocol says. */
static void malformed(struct message *m)
{
    snprintf(why, sizeof why, "the request has too few or too many words");
    fail(m, SERVICE_BAD_REQUEST);
}

/* Answers with up to two words, or the error. */
static void answer(struct message *m, int error, unsigned words, uint64_t w0,
                   uint64_t w1)
{
    if (error != 0) {
        fail(m, error);
        return;
    }
    message_begin(m, SERVICE_OK);
    if (words > 0)
        message_put(m, w0);
    if (words > 1)
        message_put(m, w1);
}

static struct node *node_at(uint64_t handle)
{
    return handle < tree->count ? &tree->nodes[handle] : NULL;
}

/* --- init's --- */

static void function_flags(const struct node *n, struct pci_function *f)
{
    uint32_t command = config_read(space, n->address, CONFIG_COMMAND, 2);

    f->flags = (n->msi != 0 ? PCI_HAS_MSI : 0u) |
               (n->msix != 0 ? PCI_HAS_MSIX : 0u) |
               (node_is_bridge(n) ? PCI_IS_BRIDGE : 0u) |
               (n->express != 0 ? PCI_IS_EXPRESS : 0u) |
               ((command & COMMAND_MASTER) != 0 ? PCI_BUS_MASTER : 0u) |
               (n->pm != 0 && !n->no_soft_reset ? PCI_HAS_PM_RESET : 0u);
    if (n->express != 0 &&
        (config_read(space, n->address, n->express + EXPRESS_DEVICE_CAP, 4) &
         DEVICE_CAP_FLR) != 0)
        f->flags |= PCI_HAS_FLR;
}

static void serve_function(struct message *m)
{
    const struct node *n = node_at(message_get(m));
    struct pci_function f = {0};

    if (!message_end(m)) {
        malformed(m);
        return;
    }
    if (n == NULL) {
        snprintf(why, sizeof why, "there are %u functions", tree->count);
        fail(m, SERVICE_NOT_FOUND);
        return;
    }
    f.address = n->address;
    f.vendor = n->vendor;
    f.device = n->device;
    f.class_code = n->class_code;
    f.handle = (uint32_t)(n - tree->nodes);
    f.group = n->group;
    f.vectors = n->vectors;
    f.state = n->state;
    f.requester = n->requester;
    function_flags(n, &f);
    memcpy(f.bars, n->bars, sizeof f.bars);
    memcpy(f.reason, n->reason, sizeof f.reason);
    message_begin(m, SERVICE_OK);
    message_put_bytes(m, &f, sizeof f);
}

static uint32_t number_of(const struct node *n, uint64_t select)
{
    return select == MANIFEST_SELECT_CLASS ? n->class_code
           : select == MANIFEST_SELECT_ID
               ? (uint32_t)n->vendor << 16 | n->device
               : n->address;
}

static void serve_find(struct message *m)
{
    uint64_t select = message_get(m), value = message_get(m);
    uint64_t mask = message_get(m), index = message_get(m);

    if (!message_end(m) || select >= MANIFEST_SELECTS) {
        malformed(m);
        return;
    }
    for (uint32_t i = 0; i < tree->count; i++)
        if ((number_of(&tree->nodes[i], select) & mask) == value &&
            index-- == 0) {
            answer(m, 0, 1, i, 0);
            return;
        }
    snprintf(why, sizeof why,
             "no such function among the %u of this machine%s%s", tree->count,
             ecam_trouble()[0] != 0 ? "; " : "", ecam_trouble());
    fail(m, SERVICE_NOT_FOUND);
}

static void serve_claim(struct message *m, struct node *n)
{
    cap_t device = 0;
    int error;

    if (!message_end(m)) {
        malformed(m);
        return;
    }
    error = claim_take(tree, n, &device, why);
    answer(m, error, 0, 0, 0);
    if (error == 0)
        message_put_cap(m, device, RIGHTS_ALL);
}

static void serve_window(struct message *m, struct node *n)
{
    uint64_t bar = message_get(m);
    cap_t window = 0;
    int error;

    if (!message_end(m)) {
        malformed(m);
        return;
    }
    error = claim_window(tree, n, bar < PCI_BARS ? (uint32_t)bar : PCI_BARS,
                         &window, why);
    if (error != 0) {
        fail(m, error);
        return;
    }
    answer(m, 0, 2, n->bars[bar].base & ~0xfffull,
           ((n->bars[bar].base & 0xfff) + n->bars[bar].size + 0xfff) &
               ~0xfffull);
    message_put_cap(m, window, RIGHTS_ALL);
}

static void serve_set_vector(struct message *m, struct node *n)
{
    uint64_t vector = message_get(m);
    uint64_t address = message_get(m), data = message_get(m);

    if (!message_end(m))
        malformed(m);
    else
        answer(m,
               claim_set_vector(tree, n,
                                vector < PCI_EXTENDED ? (uint32_t)vector
                                                      : PCI_EXTENDED,
                                address, data, why),
               0, 0, 0);
}

static void serve_enable(struct message *m, struct node *n)
{
    uint64_t vectors = message_get(m);

    if (!message_end(m))
        malformed(m);
    else
        answer(m,
               claim_enable(space, tree, n,
                            vectors < PCI_EXTENDED ? (uint32_t)vectors
                                                   : PCI_EXTENDED,
                            why),
               0, 0, 0);
}

static void serve_release(struct message *m, struct node *n)
{
    if (!message_end(m))
        malformed(m);
    else
        answer(m, claim_release(space, tree, n, why), 0, 0, 0);
}

static void serve_unknown(struct message *m)
{
    snprintf(why, sizeof why, "no operation %llu for this caller",
             (unsigned long long)m->label);
    fail(m, SERVICE_UNKNOWN);
}

static void serve_init(struct message *m)
{
    uint64_t label = m->label;
    struct node *n;

    if (label == PCI_COUNT) {
        answer(m, 0, 2, tree->count, tree->groups);
        return;
    }
    if (label == PCI_FUNCTION || label == PCI_FIND) {
        (label == PCI_FIND ? serve_find : serve_function)(m);
        return;
    }
    n = node_at(message_get(m));
    if (n == NULL) {
        snprintf(why, sizeof why, "there are %u functions", tree->count);
        fail(m, SERVICE_NOT_FOUND);
        return;
    }
    switch (label) {
    case PCI_CLAIM:
        serve_claim(m, n);
        break;
    case PCI_WINDOW:
        serve_window(m, n);
        break;
    case PCI_SET_VECTOR:
        serve_set_vector(m, n);
        break;
    case PCI_ENABLE:
        serve_enable(m, n);
        break;
    case PCI_RELEASE:
        serve_release(m, n);
        break;
    default:
        serve_unknown(m);
    }
}

/* --- a driver's --- */

static void serve_read(struct message *m, const struct node *n)
{
    uint64_t offset = message_get(m), width = message_get(m);

    if (!message_end(m) || offset >= CONFIG_BYTES || width > 4 ||
        !filter_is_access((uint32_t)offset, (uint32_t)width)) {
        malformed(m);
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
        malformed(m);
        return;
    }
    refused = filter_write(
        n, (uint32_t)offset, (uint32_t)width,
        config_read(space, n->address, (uint32_t)offset, (uint32_t)width),
        (uint32_t)value);
    if (refused != NULL) {
        snprintf(why, sizeof why, "0x%x: %s", (unsigned)offset, refused);
        fail(m, SERVICE_DENIED);
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
        malformed(m);
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

    if (!message_end(m) || vector > 0xffff) {
        malformed(m);
        return;
    }
    snprintf(why, sizeof why, "vector %u was not given", (unsigned)vector);
    answer(m, claim_vector(tree, n, (uint32_t)vector, &address, &data), 2,
           address, data);
}

static void serve_driver(struct message *m, struct node *n)
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
        serve_unknown(m);
    }
}

void serve(struct service *s, struct message *m)
{
    struct node *n;

    (void)s;
    why[0] = 0;
    if (m->badge == 0) {
        serve_init(m);
        return;
    }
    /* A driver whose function was taken from it keeps its endpoint until it
     * is gone; its words no longer count. */
    n = node_at(m->badge - 1);
    if (n == NULL || n->state != PCI_CLAIMED) {
        snprintf(why, sizeof why, "the function is not claimed");
        fail(m, SERVICE_GONE);
        return;
    }
    serve_driver(m, n);
}
