/*
 * The half of the protocol that is init's: lists, claims, vectors, releases.
 */
#include <stdio.h>
#include <string.h>

#include <cordon/cordon.h>
#include <cordon/manifest.h>
#include <cordon/pci.h>

#include "servers/pci/answer.h"
#include "servers/pci/bar.h"
#include "servers/pci/claim.h"
#include "servers/pci/ecam.h"

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
        answer_malformed(m);
        return;
    }
    if (n == NULL) {
        snprintf(why, sizeof why, "there are %u functions", tree->count);
        answer_error(m, SERVICE_NOT_FOUND);
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
        answer_malformed(m);
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
    answer_error(m, SERVICE_NOT_FOUND);
}

static void serve_claim(struct message *m, struct node *n)
{
    cap_t device = 0;
    int error;

    if (!message_end(m)) {
        answer_malformed(m);
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
        answer_malformed(m);
        return;
    }
    error = claim_window(tree, n, bar < PCI_BARS ? (uint32_t)bar : PCI_BARS,
                         &window, why);
    if (error != 0) {
        answer_error(m, error);
        return;
    }
    answer(m, 0, 2, bar_first_page(&n->bars[bar]),
           bar_page_bytes(&n->bars[bar]));
    message_put_cap(m, window, RIGHTS_ALL);
}

static void serve_set_vector(struct message *m, struct node *n)
{
    uint64_t vector = message_get(m);
    uint64_t address = message_get(m), data = message_get(m);

    if (!message_end(m))
        answer_malformed(m);
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
        answer_malformed(m);
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
        answer_malformed(m);
    else
        answer(m, claim_release(space, tree, n, why), 0, 0, 0);
}

void serve_init(struct message *m)
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
        answer_error(m, SERVICE_NOT_FOUND);
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
        answer_unknown(m);
    }
}
