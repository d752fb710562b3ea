/*
 * Not an attack: a component that works all the time and keeps score in a page
 * of its own, which the witness finds in a dump by its mark. One count for each
 * slice of time since it began. What its work is depends on what it has: with a
 * device, to ask the PCI server something every millisecond; with a disk, to
 * read from it; with a card, to send a frame to everybody; else to count.
 */
#include <cordon/block.h>
#include <cordon/cordon.h>
#include <cordon/driver.h>
#include <cordon/packet.h>
#include <cordon/pci.h>
#include <string.h>

#include "tests/attack/score.h"

#define PLACES    256u /* on the disk, of a page each */
#define FRAME     100u
#define SEND_WAIT NS_PER_S

static struct driver card;
static struct block_device *disk;
static struct block_buffer page;
static struct packet_device *net;
static struct packet_pool frame;

static bool count_up(void)
{
    for (volatile unsigned i = 0; i < 500; i++)
        ;
    return true;
}

static bool ask_pci(void)
{
    uint32_t id;

    pci_read(card.pci, 0, 4, &id);
    clock_sleep(NS_PER_MS);
    return true;
}

/* The same places over and over must read the same. */
static bool read_disk(void)
{
    static uint64_t sums[PLACES];
    static bool known[PLACES];
    static uint32_t next;
    uint32_t i = next++ % PLACES;
    uint32_t blocks = (uint32_t)(PAGE_SIZE / block_info(disk)->block_bytes);
    uint64_t sum = 0;

    if (block_read(disk, i * blocks, blocks, &page, 0) != BLOCK_OK)
        return false;
    for (uint32_t w = 0; w < PAGE_SIZE / 8; w++)
        sum = sum * 31 + ((uint64_t *)page.data)[w];
    if (!known[i])
        sums[i] = sum;
    known[i] = true;
    return sums[i] == sum;
}

static bool send_frame(void)
{
    const struct packet_send e = {.bytes = FRAME, .pool = (uint8_t)frame.id};
    uint64_t end = clock_after(SEND_WAIT);

    if (packet_send(net, 0, &e, 1) != 1)
        return false;
    packet_kick(net);
    while (packet_sent(net, 0) == 0) {
        packet_wait(net, true, end);
        if (clock_now() >= end)
            return false;
    }
    return packet_state(net) == PACKET_OK;
}

static bool disk_open(void)
{
    return block_open("disk", 0, &disk) == BLOCK_OK &&
           block_buffer_lend(disk, PAGE_SIZE, &page) == BLOCK_OK;
}

static bool net_open(void)
{
    if (packet_open("packet", NULL, &net) != PACKET_OK ||
        packet_pool_lend(net, PAGE_SIZE, &frame) != PACKET_OK)
        return false;
    memset(frame.data, 0xff, 6);
    memcpy((uint8_t *)frame.data + 6, packet_info(net)->mac, 6);
    return true;
}

/* NULL: it has not what its work needs. */
static bool (*work_find(void))(void)
{
    driver_open(&card, NULL);
    if (card.pci != 0)
        return ask_pci;
    if (service_find("disk") != 0)
        return disk_open() ? read_disk : NULL;
    if (service_find("packet") != 0)
        return net_open() ? send_frame : NULL;
    return count_up;
}

int main(void)
{
    bool (*work)(void) = work_find();
    struct score *score;
    struct memory memory;

    if (work == NULL || memory_alloc(PAGE_SIZE, &memory) != OK)
        return 1;
    score = memory.address;
    score->begun = clock_now();
    score->slice = SCORE_SLICE;
    memcpy(score->mark, "CORDON-ATTACK", 13);
    memcpy(score->mark + 13, "-PAGE:worker\0\x5c", 14);
    for (;;) {
        bool good = work();
        uint64_t slice = (clock_now() - score->begun) / SCORE_SLICE;

        score->errors += !good;
        if (slice < SCORE_SLICES)
            score->counts[slice]++;
    }
}
