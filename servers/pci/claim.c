/*
 * What the server holds for a function: its Device, one Untyped for each BAR
 * and the vectors. A driver gets children of these, so taking them back is one
 * revoke each (R3, R4).
 */
#include "servers/pci/claim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cordon/cordon.h>

#include "servers/pci/bar.h"
#include "servers/pci/holding.h"
#include "servers/pci/mmio.h"
#include "servers/pci/msi.h"
#include "servers/pci/reset.h"
#include "servers/pci/scan.h"
#include "servers/pci/share.h"

struct holding holdings[NODES_MAX];

struct holding *holding_of(const struct tree *t, const struct node *n)
{
    return &holdings[n - t->nodes];
}

/* `bus:device.function`, as everybody writes it. */
const char *address_text(const struct node *n)
{
    static char text[16];

    snprintf(text, sizeof text, "%02x:%02x.%x", PCI_BUS(n->address),
             PCI_DEVICE(n->address), PCI_FUNCTION_OF(n->address));
    return text;
}

void claim_prepare(struct tree *t)
{
    static struct bar_ref refs[NODES_MAX * PCI_BARS];
    uint32_t count = share_sort(t, refs);

    for (uint32_t i = 0; i < count; i++) {
        struct pci_bar *b = &t->nodes[refs[i].node].bars[refs[i].bar];
        cap_t *slot = &holdings[refs[i].node].bars[refs[i].bar];

        if ((b->flags & PCI_BAR_SHARED) != 0)
            continue;
        *slot = mmio_cut(bar_first_page(b), bar_page_bytes(b));
        if (*slot == 0)
            b->flags |= PCI_BAR_ABSENT;
    }
}

/* The claimed function whose requests carry the same requester ID, or NULL. */
static const struct node *same_requester(const struct tree *t,
                                         const struct node *n)
{
    for (uint32_t i = 0; i < t->count; i++) {
        const struct node *other = &t->nodes[i];

        if (other != n && other->requester == n->requester &&
            holdings[i].device != 0)
            return other;
    }
    return NULL;
}

/* The Device of a function, made at its first claim and kept (R2). */
static uint64_t device_of(struct holding *h, const struct node *n)
{
    const struct startup_cap *control = startup_find(STARTUP_CONTROL, NULL, 0);
    cap_t slot;
    uint64_t status;

    if (h->device != 0)
        return OK;
    slot = slot_alloc();
    if (control == NULL || slot == 0)
        return ERR_LIMIT;
    status = device_mint(control->slot, memory_source(), n->requester, 0, slot)
                 .status;
    if (status != OK) {
        slot_free(slot);
        return status;
    }
    h->device = slot;
    return OK;
}

int claim_take(struct tree *t, struct node *n, cap_t *device, char *why)
{
    struct holding *h = holding_of(t, n);
    const struct node *twin;
    uint64_t status;

    if (n->state == PCI_CLAIMED)
        return REFUSE(why, SERVICE_BUSY, "%s is claimed", address_text(n));
    if (n->state != PCI_UNCLAIMED)
        return REFUSE(why, SERVICE_QUARANTINED, "%s", n->reason);
    if (node_is_bridge(n))
        return REFUSE(why, SERVICE_DENIED,
                      "%s is a bridge: it stays with the PCI server",
                      address_text(n));
    twin = same_requester(t, n);
    if (twin != NULL)
        return REFUSE(why, SERVICE_DENIED,
                      "its DMA carries the same requester ID as %s",
                      address_text(twin));
    if (h->vectors == NULL)
        h->vectors = calloc(VECTORS_MAX, sizeof *h->vectors);
    if (h->vectors == NULL)
        return REFUSE(why, SERVICE_NO_MEMORY, "the PCI server has no memory");
    status = device_of(h, n);
    if (status != OK)
        return REFUSE(why, service_error_of(status), "no Device for %s: %s",
                      address_text(n), status_text(status));
    memset(h->vectors, 0, VECTORS_MAX * sizeof *h->vectors);
    h->enabled = 0;
    h->mastered = false;
    n->state = PCI_CLAIMED;
    *device = h->device;
    return 0;
}

int claim_set_vector(struct tree *t, struct node *n, uint32_t vector,
                     uint64_t address, uint64_t data, char *why)
{
    struct holding *h = holding_of(t, n);

    if (n->state != PCI_CLAIMED)
        return REFUSE(why, SERVICE_BAD_REQUEST, "%s is not claimed",
                      address_text(n));
    if (vector >= n->vectors || vector >= VECTORS_MAX)
        return REFUSE(why, SERVICE_TOO_LARGE,
                      "%s has %u vectors, of which %d can be used",
                      address_text(n), n->vectors, VECTORS_MAX);
    h->vectors[vector] = (struct vector){address, (uint32_t)data, true};
    return 0;
}

int claim_vector(const struct tree *t, const struct node *n, uint32_t vector,
                 uint64_t *address, uint64_t *data)
{
    const struct holding *h = holding_of(t, n);

    if (n->state != PCI_CLAIMED || vector >= VECTORS_MAX ||
        !h->vectors[vector].set)
        return SERVICE_NOT_FOUND;
    *address = h->vectors[vector].address;
    *data = h->vectors[vector].data;
    return 0;
}

int claim_window(struct tree *t, struct node *n, uint32_t bar, cap_t *window,
                 char *why)
{
    struct holding *h = holding_of(t, n);
    const struct pci_bar *b = &n->bars[bar < PCI_BARS ? bar : 0];
    const struct node *other;
    struct result r;

    if (n->state != PCI_CLAIMED || bar >= PCI_BARS ||
        (b->flags & PCI_BAR_MEMORY) == 0)
        return REFUSE(why, SERVICE_NOT_FOUND, "%s has no memory BAR %u",
                      address_text(n), bar);
    if ((b->flags & PCI_BAR_SHARED) != 0) {
        char mine[16];

        snprintf(mine, sizeof mine, "%s", address_text(n));
        other = share_find(t, n, bar);
        return REFUSE(why, SERVICE_DENIED,
                      "BAR %u of %s shares a 4 KiB page with %s", bar, mine,
                      other == NULL ? "another" : address_text(other));
    }
    if (h->bars[bar] == 0)
        return REFUSE(why, SERVICE_DENIED,
                      "BAR %u of %s at 0x%llx is not in free device memory",
                      bar, address_text(n), (unsigned long long)b->base);
    if (h->windows[bar] == 0)
        h->windows[bar] = slot_alloc();
    if (h->windows[bar] == 0)
        return REFUSE(why, SERVICE_NO_MEMORY, "the PCI server has no slots");
    r = untyped_retype(h->bars[bar], CAP_UNTYPED, bar_page_bytes(b), 1, 0,
                       h->windows[bar], 0);
    if (r.status != OK)
        return REFUSE(why, SERVICE_BUSY, "BAR %u of %s is handed out: %s", bar,
                      address_text(n), status_text(r.status));
    *window = h->windows[bar];
    return 0;
}

/* --- off --- */

/* Everything that was derived for the driver goes, its cage is closed. */
static bool take_back(struct holding *h)
{
    bool confirmed = true;

    if (h->device != 0) {
        confirmed = device_block(h->device).status == OK;
        confirmed &= captable_revoke(STARTUP_CAPTABLE, h->device).status == OK;
    }
    for (uint32_t b = 0; b < PCI_BARS; b++)
        if (h->bars[b] != 0)
            confirmed &=
                captable_revoke(STARTUP_CAPTABLE, h->bars[b]).status == OK;
    return confirmed;
}

int claim_release(const struct config_space *c, struct tree *t, struct node *n,
                  char *why)
{
    struct holding *h = holding_of(t, n);
    bool reset;

    if (n->state == PCI_QUARANTINED)
        return REFUSE(why, SERVICE_QUARANTINED, "%s", n->reason);
    if (n->state != PCI_CLAIMED)
        h->mastered = true; /* by the server before this one */
    command_set(c, n, COMMAND_MASTER, 0);
    msi_disable(c, n);
    if (!take_back(h)) {
        n->state = PCI_QUARANTINED;
        snprintf(n->reason, PCI_REASON,
                 "the hardware did not confirm that it is blocked");
        return REFUSE(why, SERVICE_QUARANTINED, "%s", n->reason);
    }
    n->state = PCI_UNCLAIMED; /* so the bus above may be reset */
    reset = !h->mastered || reset_function(c, t, n, why);
    scan_silence(c, n);
    if (!reset) {
        n->state = PCI_QUARANTINED;
        snprintf(n->reason, PCI_REASON, "%s", why);
    }
    claim_power_bridges(c, t);
    return reset ? 0 : SERVICE_QUARANTINED;
}
