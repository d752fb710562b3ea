/*
 * The witness of a reset is the interrupt-disable bit of the command register:
 * this server sets it in every function and only a reset clears it (PCIe
 * 7.5.1.1.3: default 0). So a method that a device merely claims to have, or
 * that an emulator does not carry out, is found out, and the next one is tried.
 */
#include "servers/pci/reset.h"

#include <stdio.h>

#include "servers/pci/bar.h"
#include "servers/pci/scan.h"

#define SETTLE_MS  20u
#define DRAIN_MS   100u  /* for pending transactions to end */
#define RESET_MS   100u  /* PCIe 6.6.2: complete within 100 ms */
#define READY_MS   1000u /* PCIe 6.6.1: may answer "not yet" for 1 s */
#define POLL_MS    10u
#define D3_MS      10u /* PM 5.4: state changes take 10 ms */
#define BUS_MS     2u  /* PCI 4.3.2: reset held for 1 ms at least */
#define AF_CAP     0x03u
#define AF_CAP_FLR 0x02u
#define AF_CONTROL 0x04u
#define AF_STATUS  0x05u
#define PM_CONTROL 0x04u
#define PM_STATE   0x03u

static void quiet(const struct config_space *c, const struct node *n)
{
    uint32_t command = config_read(c, n->address, CONFIG_COMMAND, 2);

    config_write(c, n->address, CONFIG_COMMAND, 2,
                 (command & ~(COMMAND_MASTER | COMMAND_MEMORY | COMMAND_IO)) |
                     COMMAND_NO_INTX);
}

/* Waits until `bit` of the register is clear; bounded. */
static bool drained(const struct config_space *c, const struct node *n,
                    uint32_t offset, uint32_t bit)
{
    for (uint32_t ms = 0; ms <= DRAIN_MS; ms += POLL_MS) {
        if ((config_read(c, n->address, offset, 2) & bit) == 0)
            return true;
        c->sleep_ms(c->context, POLL_MS);
    }
    return false;
}

/* Waits until the function answers again, then asks the witness. */
static bool came_back(const struct config_space *c, const struct node *n)
{
    for (uint32_t ms = 0; ms <= READY_MS; ms += POLL_MS) {
        uint32_t id = config_read(c, n->address, CONFIG_ID, 4);

        if ((id & 0xffff) == n->vendor && id >> 16 == n->device)
            return (config_read(c, n->address, CONFIG_COMMAND, 2) &
                    COMMAND_NO_INTX) == 0;
        c->sleep_ms(c->context, POLL_MS);
    }
    return false;
}

static void restore(const struct config_space *c, const struct node *n)
{
    bar_restore(c, n);
    scan_silence(c, n);
}

static bool has_flr(const struct config_space *c, const struct node *n)
{
    return n->express != 0 &&
           (config_read(c, n->address, n->express + EXPRESS_DEVICE_CAP, 4) &
            DEVICE_CAP_FLR) != 0;
}

/* PCIe 6.6.2 */
static bool reset_flr(const struct config_space *c, const struct node *n)
{
    uint32_t at = n->express + EXPRESS_CONTROL;

    if (!has_flr(c, n))
        return false;
    /* With bus mastering off, commands in progress end by themselves; QEMU's
     * NVMe has no pending bit and fails badly when reset amid them. */
    c->sleep_ms(c->context, SETTLE_MS);
    drained(c, n, n->express + EXPRESS_STATUS, STATUS_PENDING);
    config_write(c, n->address, at, 2,
                 config_read(c, n->address, at, 2) | CONTROL_FLR);
    c->sleep_ms(c->context, RESET_MS);
    return came_back(c, n);
}

/* Conventional PCI Advanced Features ECN, 2 */
static bool reset_af(const struct config_space *c, const struct node *n)
{
    if (n->af == 0 ||
        (config_read(c, n->address, n->af + AF_CAP, 1) & AF_CAP_FLR) == 0)
        return false;
    for (uint32_t ms = 0; ms <= DRAIN_MS; ms += POLL_MS) {
        if ((config_read(c, n->address, n->af + AF_STATUS, 1) & 1) == 0)
            break;
        c->sleep_ms(c->context, POLL_MS);
    }
    config_write(c, n->address, n->af + AF_CONTROL, 1, 1);
    c->sleep_ms(c->context, RESET_MS);
    return came_back(c, n);
}

/* PM 5.4.1: D3hot to D0 resets, unless No_Soft_Reset is set. */
static bool reset_power(const struct config_space *c, const struct node *n)
{
    uint32_t at = n->pm + PM_CONTROL;
    uint32_t value;

    if (n->pm == 0 || n->no_soft_reset)
        return false;
    value = config_read(c, n->address, at, 2) & ~PM_STATE;
    config_write(c, n->address, at, 2, value | 3);
    c->sleep_ms(c->context, D3_MS);
    config_write(c, n->address, at, 2, value);
    c->sleep_ms(c->context, D3_MS);
    return came_back(c, n);
}

/* May the bus above `n` be reset: is there one, and is nobody else there? */
static bool bus_is_ours(const struct tree *t, const struct node *n)
{
    if (n->parent == NO_NODE)
        return false;
    for (uint32_t i = 0; i < t->count; i++) {
        const struct node *other = &t->nodes[i];

        if (other == n || other->parent != n->parent)
            continue;
        if (other->state == PCI_CLAIMED || node_is_bridge(other))
            return false;
    }
    return !node_is_bridge(n);
}

static bool reset_bus(const struct config_space *c, struct tree *t,
                      struct node *n)
{
    uint32_t bridge, control;
    bool done;

    if (!bus_is_ours(t, n))
        return false;
    bridge = t->nodes[n->parent].address;
    control = config_read(c, bridge, CONFIG_BRIDGE_CONTROL, 2);
    config_write(c, bridge, CONFIG_BRIDGE_CONTROL, 2, control | BRIDGE_RESET);
    c->sleep_ms(c->context, BUS_MS);
    config_write(c, bridge, CONFIG_BRIDGE_CONTROL, 2, control & ~BRIDGE_RESET);
    c->sleep_ms(c->context, RESET_MS);
    done = came_back(c, n);
    for (uint32_t i = 0; i < t->count; i++)
        if (t->nodes[i].parent == n->parent)
            restore(c, &t->nodes[i]);
    return done;
}

bool reset_is_offered(const struct tree *t, const struct node *n)
{
    return n->express != 0 || n->af != 0 || (n->pm != 0 && !n->no_soft_reset) ||
           bus_is_ours(t, n);
}

bool reset_function(const struct config_space *c, struct tree *t,
                    struct node *n, char *why)
{
    bool done;

    if (config_read(c, n->address, CONFIG_ID, 4) == CONFIG_NO_DEVICE) {
        snprintf(why, PCI_REASON, "it does not answer any more");
        return false;
    }
    quiet(c, n);
#ifdef MUTATION_no_reset
    return true;
#endif
    done = reset_flr(c, n) || reset_af(c, n) || reset_power(c, n) ||
           reset_bus(c, t, n);
    restore(c, n);
    if (!done)
        snprintf(why, PCI_REASON, "%s",
                 reset_is_offered(t, n)
                     ? "it was told to reset and did not"
                     : "it offers no reset (no FLR, no D3hot reset, no bus of "
                       "its own)");
    return done;
}
