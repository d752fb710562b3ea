/*
 * A driver of a network card that gives it addresses which are not its own: of
 * a buffer to receive into or to send, of a ring, of a page that was taken
 * back. Arguments: `receive`, `send`, `rings` or `revoked`; then `read` or
 * `write`, for the witness.
 */
#include "drivers/nic/intel/nic.h"
#include "drivers/nic/intel/registers.h"
#include "tests/attack/attack.h"

#define LOOPBACK (1u << 6) /* 82574 10.2.5.1, RCTL.LBM */
#define FRAME    64u
#define WAIT     (200 * NS_PER_MS)

static struct intel_nic nic;
static struct dma_memory page; /* what is sent, and from 2048 on received */

static void open_card(int argc, char **argv)
{
    if (!nic_open(&nic, argc, argv) || !nic_operations.start(&nic, 1))
        attack_error("card", ERR_CAPABILITY);
    nic_write(&nic, REG_RCTL,
              nic_read(&nic, REG_RCTL) | LOOPBACK | RCTL_UPE | RCTL_MPE);
    if (dma_alloc(&nic.driver.kit, PAGE_SIZE, &page) != OK)
        attack_error("memory", ERR_NO_MEMORY);
    memset(page.memory.address, PATTERN, FRAME);
}

/* Sends 64 bytes from an address and waits until the card says that it has. */
static void send_from(uint64_t at)
{
    const struct packet_piece piece = {
        .at = at, .packet_bytes = FRAME, .bytes = FRAME, .pieces = 1};
    uint64_t end = clock_after(WAIT);

    queue_send(&nic.queues[0], &piece, 1);
    while (queue_sent(&nic.queues[0]) == 0 && clock_now() < end)
        clock_sleep(NS_PER_MS);
}

static void receive_at(uint64_t at)
{
    struct packet_shared_arrival arrival;
    uint64_t end = clock_after(WAIT);

    queue_post(&nic.queues[0], &at, 1);
    send_from(page.iova.v);
    while (queue_received(&nic.queues[0], &arrival, 1) == 0 &&
           clock_now() < end)
        clock_sleep(NS_PER_MS);
}

static void send_target(uint64_t target)
{
    uint8_t *own = (uint8_t *)page.memory.address + 2048;
    uint64_t at = page.iova.v + 2048;
    char text[3 * 16 + 1];

    queue_post(&nic.queues[0], &at, 1);
    send_from(target);
    clock_sleep(WAIT);
    for (unsigned i = 0; i < 16; i++)
        snprintf(text + 2 * i, 3, "%02x", own[i]);
    say("read %s", text);
}

/* The card reads descriptors there and writes back to them. */
static void ring_at(uint64_t target)
{
    uint32_t base = chip_receive_base(0);

    nic_write(&nic, base + RING_BASE_LOW, (uint32_t)target);
    nic_write(&nic, base + RING_BASE_HIGH, (uint32_t)(target >> 32));
    nic_write(&nic, base + RING_TAIL, 8);
    send_from(page.iova.v);
    clock_sleep(WAIT);
}

/* The buffer is posted again, and its page taken back before a frame comes. */
static void receive_revoked(void)
{
    struct dma_memory stale;

    if (dma_alloc(&nic.driver.kit, PAGE_SIZE, &stale) != OK)
        attack_error("memory", ERR_NO_MEMORY);
    receive_at(stale.iova.v);
    if (*(uint8_t *)stale.memory.address != PATTERN)
        attack_error("the page was not reachable before", 0);
    queue_post(&nic.queues[0], &stale.iova.v, 1);
    page_mark(stale.memory.address, "stale");
    if (space_unmap(nic.driver.kit.domain, stale.copies, 1).status != OK)
        attack_error("unmap", 0);
    ask("located");
    say("window %#llx %#llx", (unsigned long long)stale.iova.v,
        (unsigned long long)(stale.iova.v + PAGE_SIZE));
    send_from(page.iova.v);
    clock_sleep(WAIT);
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "receive";
    uint64_t target = 0;

    attack_open();
    open_card(argc, argv);
    say("ready");
    if (strcmp(how, "revoked") != 0)
        target = ask("target");
    if (strcmp(how, "receive") == 0)
        receive_at(target);
    else if (strcmp(how, "send") == 0)
        send_target(target);
    else if (strcmp(how, "rings") == 0)
        ring_at(target);
    else
        receive_revoked();
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
