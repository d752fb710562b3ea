/*
 * The card: opening it, what it can do about checksums, its link. What lwIP
 * sends from is lent to it to be read alone, and what it may write to, lwIP
 * never sees (receive.c).
 */
#include "servers/net/card_internal.h"

#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/stats.h>
#include <lwip/priv/tcp_priv.h>
#include <netif/ethernet.h>

#include <stdio.h>
#include <string.h>

#include "servers/net/heap.h"

struct card the_card;

struct netif *card_netif(void)
{
    return &the_card.netif;
}

struct packet_device *card_device(void)
{
    return the_card.device;
}

const struct card_counts *card_counts(void)
{
    return &the_card.counts;
}

int card_lend(const struct memory *memory)
{
    struct card *c = &the_card;
    int status;

    if (c->pool_count == PACKET_MAX_POOLS)
        return PACKET_E_LIMIT;
    status = packet_pool_share(c->device, memory, RIGHT_READ,
                               &c->pools[c->pool_count]);
    if (status == PACKET_OK)
        c->pool_count++;
    return status;
}

/* What lwIP has to do about checksums, given what the card can. */
static void checksums_choose(struct card *c)
{
    uint32_t features = packet_info(c->device)->features;

    c->make = NETIF_CHECKSUM_GEN_ICMP | NETIF_CHECKSUM_GEN_ICMP6;
    if ((features & PACKET_CAN_CHECKSUM_IP) == 0)
        c->make |= NETIF_CHECKSUM_GEN_IP;
    if ((features & PACKET_CAN_CHECKSUM_SEND) == 0)
        c->make |= NETIF_CHECKSUM_GEN_UDP | NETIF_CHECKSUM_GEN_TCP;
    c->check = NETIF_CHECKSUM_CHECK_IP | NETIF_CHECKSUM_CHECK_UDP |
               NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_ICMP |
               NETIF_CHECKSUM_CHECK_ICMP6;
    NETIF_SET_CHECKSUM_CTRL(&c->netif, c->make | c->check);
}

void card_fragments(bool on)
{
    struct card *c = &the_card;

    NETIF_SET_CHECKSUM_CTRL(&c->netif, c->make | c->check |
                                           (on ? NETIF_CHECKSUM_GEN_UDP : 0));
}

/* lwIP's initialisation of a netif. */
static err_t netif_prepare(struct netif *netif)
{
    const struct packet_info *info = packet_info(the_card.device);

    memcpy(netif->hwaddr, info->mac, ETH_HWADDR_LEN);
    netif->hwaddr_len = ETH_HWADDR_LEN;
    netif->mtu = info->mtu < 1500 ? info->mtu : 1500;
    netif->name[0] = 'e';
    netif->name[1] = 'n';
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
                   NETIF_FLAG_ETHERNET | NETIF_FLAG_IGMP | NETIF_FLAG_MLD6;
    netif->output = etharp_output;
    netif->output_ip6 = ethip6_output;
    netif->linkoutput = send_packet;
    return ERR_OK;
}

static int memory_lend(struct card *c)
{
    struct memory heap;
    int status = packet_pool_lend(c->device, CARD_BUFFERS * PACKET_BUFFER_BYTES,
                                  &c->buffers);

    if (status != PACKET_OK)
        return status;
    if (memory_alloc(MEM_SIZE, &heap) != OK)
        return PACKET_E_MEMORY;
    status = card_lend(&heap);
    if (status != PACKET_OK)
        return status;
    heap_start(heap.address, MEM_SIZE);
    for (uint32_t i = 0; i < CARD_BUFFERS; i++)
        c->idle[c->idle_count++] = (struct packet_buffer){
            .offset = i * PACKET_BUFFER_BYTES, .pool = (uint16_t)c->buffers.id};
    return PACKET_OK;
}

int card_start(const char *service, cap_t events, uint64_t bits)
{
    struct card *c = &the_card;
    const struct packet_options options = {
        .wake = cap_copy(events, RIGHT_WRITE, bits, NULL)};
    int status = packet_open(service, &options, &c->device);

    if (status == PACKET_OK)
        status = memory_lend(c);
    if (status != PACKET_OK)
        return status;
    if (netif_add(&c->netif, NULL, NULL, NULL, NULL, netif_prepare,
                  ethernet_input) == NULL)
        return PACKET_E_MEMORY;
    checksums_choose(c);
    netif_set_default(&c->netif);
    filter_start(c);
    return PACKET_OK;
}

static void link_look(struct card *c)
{
    struct packet_link link = packet_link(c->device);

    if (link.up == c->link)
        return;
    c->link = link.up;
    if (!link.up)
        printf("net: link down\n");
    else if (link.mbps != 0)
        printf("net: link up, %u Mbit/s\n", (unsigned)link.mbps);
    else
        printf("net: link up\n");
    if (link.up)
        netif_set_link_up(&c->netif);
    else
        netif_set_link_down(&c->netif);
}

void card_look(void)
{
    struct card *c = &the_card;

    send_done(c);
    link_look(c);
    if (c->starved &&
        c->next_sending - c->first_sending <= PACKET_RING_ENTRIES / 2) {
        c->starved = false;
        tcp_txnow();
    }
}

void card_kick(void)
{
    struct card *c = &the_card;
    unsigned posted;

    if (c->idle_count != 0) {
        posted = packet_post(c->device, 0, c->idle, c->idle_count);
        c->idle_count -= posted;
        memmove(c->idle, c->idle + posted, c->idle_count * sizeof(c->idle[0]));
    }
    filter_update(c);
    send_flush(c);
    packet_kick(c->device);
}

bool card_sleep(void)
{
    return packet_sleep(the_card.device,
                        the_card.starved || the_card.queued != 0);
}

void card_awake(void)
{
    packet_awake(the_card.device);
}

bool card_check(void)
{
    return packet_check(the_card.device);
}
