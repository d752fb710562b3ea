/*
 * The network card as lwIP sees it: a struct netif on the packet service.
 *
 * Whatever lwIP sends from must lie in memory that the card may read: the heap
 * (heap.h), or what card_lend() was given. Anything else is copied there.
 */
#pragma once

#include "servers/net/stack.h"

#include <cordon/packet.h>
#include <lwip/netif.h>

#include <stdbool.h>
#include <stdint.h>

/* Counts since the start, beside lwIP's own (lwip/stats.h). */
struct card_counts {
    uint64_t received, received_bytes, sent, sent_bytes; /* packets */
    uint64_t no_memory; /* came, but the heap was full */
    uint64_t malformed; /* came with a wrong checksum or length */
    uint64_t no_room;   /* not sent: the driver's ring was full */
};

/* Opens the packet service `service` and adds the card to lwIP, which is
 * initialised. `events` is signalled with `bits`. PACKET_OK or a status. */
int card_start(const char *service, cap_t events, uint64_t bits);

/* lwIP's view of it, which is also its default interface. */
struct netif *card_netif(void);

struct packet_device *card_device(void);
const struct card_counts *card_counts(void);

/* Lends further memory to the card, to be sent from alone. PACKET_OK, or
 * PACKET_E_LIMIT: at most PACKET_MAX_POOLS - 2 times. */
int card_lend(const struct memory *memory);

/* What lwIP has given the card so far, and whether all of that has left, so
 * that nobody reads the memory that it lay in any more. */
uint32_t card_mark(void);
bool card_has_sent(uint32_t mark);

/* Hands some of what came to lwIP; how many frames. */
unsigned card_receive(void);

/* Frees what was sent, and looks whether the link changed. */
void card_look(void);

/* Shows the driver what there is to send and to receive into: once a turn. */
void card_kick(void);

/* As packet_sleep(), packet_awake(), packet_check(). */
bool card_sleep(void);
void card_awake(void);
bool card_check(void);

/*
 * The card fills in the checksums of UDP packets, but not of one that leaves in
 * fragments. Who sends one that is longer than the MTU says so before and
 * after: then lwIP does it.
 */
void card_fragments(bool on);
