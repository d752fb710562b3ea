/*
 * Which multicast frames the card lets pass: those of the groups that lwIP is
 * in, by Ethernet address (RFC 1112, 6.4; RFC 2464, 7). lwIP says when it joins
 * and leaves; the driver is told at the end of the turn, once.
 */
#include "servers/net/card_internal.h"

#include <string.h>

struct group {
    uint8_t mac[6];
    uint16_t members; /* several groups have one Ethernet address */
};
static struct group groups[PACKET_MAX_MULTICAST];
static uint32_t beyond; /* memberships that found no place here */
static bool changed;

static struct group *group_find(const uint8_t mac[6])
{
    struct group *unused = NULL;

    for (uint32_t i = 0; i < PACKET_MAX_MULTICAST; i++) {
        if (groups[i].members == 0)
            unused = unused != NULL ? unused : &groups[i];
        else if (memcmp(groups[i].mac, mac, 6) == 0)
            return &groups[i];
    }
    return unused;
}

static void group_change(const uint8_t mac[6],
                         enum netif_mac_filter_action action)
{
    struct group *g = group_find(mac);
    bool join = action == NETIF_ADD_MAC_FILTER;

    if (g == NULL)
        beyond = join ? beyond + 1 : beyond - (beyond != 0);
    else if (join && g->members++ == 0)
        memcpy(g->mac, mac, 6);
    else if (!join && g->members != 0)
        g->members--;
    changed = true;
}

static err_t group_change4(struct netif *netif, const ip4_addr_t *group,
                           enum netif_mac_filter_action action)
{
    const uint8_t *a = (const uint8_t *)&group->addr;
    const uint8_t mac[6] = {0x01, 0x00, 0x5e, a[1] & 0x7f, a[2], a[3]};

    (void)netif;
    group_change(mac, action);
    return ERR_OK;
}

static err_t group_change6(struct netif *netif, const ip6_addr_t *group,
                           enum netif_mac_filter_action action)
{
    uint8_t mac[6] = {0x33, 0x33};

    (void)netif;
    memcpy(mac + 2, &group->addr[3], 4);
    group_change(mac, action);
    return ERR_OK;
}

void filter_start(struct card *c)
{
    /* All hosts and all nodes, of which every host is a member. */
    static const uint8_t all[2][6] = {{0x01, 0x00, 0x5e, 0, 0, 1},
                                      {0x33, 0x33, 0, 0, 0, 1}};

    netif_set_igmp_mac_filter(&c->netif, group_change4);
    netif_set_mld_mac_filter(&c->netif, group_change6);
    group_change(all[0], NETIF_ADD_MAC_FILTER);
    group_change(all[1], NETIF_ADD_MAC_FILTER);
}

void filter_update(struct card *c)
{
    uint8_t macs[PACKET_MAX_MULTICAST][6];
    unsigned count = 0;

    if (!changed)
        return;
    changed = false;
    for (uint32_t i = 0; i < PACKET_MAX_MULTICAST; i++)
        if (groups[i].members != 0)
            memcpy(macs[count++], groups[i].mac, 6);
    packet_filter(c->device, beyond != 0 ? PACKET_FILTER_ALL_MULTICAST : 0,
                  macs, count);
}
