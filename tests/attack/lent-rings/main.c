/*
 * A client that lends a server its rings and buffers and then, with work under
 * way on both sides, takes them back (`take`) or dies (`die`), ROUNDS times.
 * The server is a disk's driver (`disk`), a switch or a card's driver
 * (`packet`).
 */
#include "libsys/block_internal.h"
#include "libsys/packet_internal.h"
#include "tests/attack/self.h"

#define ROUNDS  12
#define QUIET   (400 * NS_PER_MS) /* before, for the witness to compare */
#define BUFFERS 64u
#define FRAME   1000u

/* From the server, while it is at work. */
static void take_back(const struct memory *m)
{
    for (uint32_t i = 0; i < m->count; i++)
        captable_revoke(STARTUP_CAPTABLE, m->frames + i);
}

/* --- a disk --- */

static struct block_device *disk;

static bool disk_begin(void)
{
    struct block_buffer buffer;
    int status = block_open("disk", 0, &disk);

    if (status == BLOCK_OK)
        status = block_buffer_lend(disk, BUFFERS * PAGE_SIZE, &buffer);
    if (status != BLOCK_OK)
        return false;
    for (uint32_t i = 0; i < BUFFERS; i++) {
        const struct block_request r = {
            .lba = i * 64,
            .blocks = (uint32_t)(PAGE_SIZE / block_info(disk)->block_bytes),
            .operation = BLOCK_READ,
            .buffer = &buffer,
            .offset = i * PAGE_SIZE,
        };

        block_submit(disk, &r);
    }
    block_kick(disk);
    return true;
}

/* It asks on, with rings that the driver does not see any more. */
static void disk_take(void)
{
    take_back(&disk->rings);
    for (unsigned i = 0; i < 20; i++) {
        notification_signal(disk->kick);
        clock_sleep(NS_PER_MS);
    }
    block_close(disk);
}

/* --- packets --- */

static struct packet_device *card;

static void send_all(uint32_t pool, const uint8_t *mac)
{
    uint8_t *data = card->pools[pool].address;

    for (uint32_t i = 0; i < BUFFERS; i++) {
        const struct packet_send e = {.offset = i * PACKET_BUFFER_BYTES,
                                      .bytes = FRAME,
                                      .pool = (uint8_t)pool};

        memset(data + e.offset, 0xff, 6);
        memcpy(data + e.offset + 6, mac, 6);
        packet_send(card, 0, &e, 1);
    }
}

static bool packet_begin(void)
{
    struct packet_pool out, in;
    int status = packet_open("packet", NULL, &card);

    if (status == PACKET_OK)
        status = packet_pool_lend(card, BUFFERS * PACKET_BUFFER_BYTES, &out);
    if (status == PACKET_OK)
        status = packet_pool_lend(card, BUFFERS * PACKET_BUFFER_BYTES, &in);
    if (status != PACKET_OK)
        return false;
    for (uint32_t i = 0; i < BUFFERS; i++) {
        const struct packet_buffer b = {.offset = i * PACKET_BUFFER_BYTES,
                                        .pool = (uint16_t)in.id};

        packet_post(card, 0, &b, 1);
    }
    send_all(out.id, packet_info(card)->mac);
    packet_kick(card);
    return true;
}

/* First what is in the buffers, then what says where they are. */
static void packet_take(void)
{
    take_back(&card->pools[0]);
    take_back(&card->pools[1]);
    notification_signal(card->kick);
    clock_sleep(NS_PER_MS);
    take_back(&card->queues[0].memory);
    for (unsigned i = 0; i < 20; i++) {
        notification_signal(card->kick);
        clock_sleep(NS_PER_MS);
    }
    packet_close(card);
}

int main(int argc, char **argv)
{
    bool is_disk = argc > 1 && strcmp(argv[1], "disk") == 0;
    bool dies = argc > 2 && strcmp(argv[2], "die") == 0;
    uint32_t round = dies ? self_restarts() : 0;
    uint64_t ended;

    attack_open();
    if (round == 0) {
        clock_sleep(QUIET); /* others say on the same line that they start */
        say("ready");
        clock_sleep(QUIET);
        say("began %llu", (unsigned long long)clock_now());
    }
    /* Until the server wants no more of it, or is gone. */
    for (; round < ROUNDS; round++) {
        if (is_disk ? !disk_begin() : !packet_begin())
            break;
        if (dies)
            __builtin_trap(); /* the end that is not told to the server */
        is_disk ? disk_take() : packet_take();
    }
    ended = clock_now();
    clock_sleep(QUIET); /* so does init, when one ends */
    say("rounds %u", (unsigned)round);
    say("ended %llu", (unsigned long long)ended);
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
