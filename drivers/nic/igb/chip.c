/*
 * What only the 82576 does: a queue pair for each CPU with receive-side
 * scaling, and the extended interrupt registers. Sections are of the 82576
 * data sheet.
 */
#include "drivers/nic/intel/nic.h"
#include "drivers/nic/intel/registers.h"

/* clang-format off */
#define RECEIVE(n)     (0xc000u + 0x40 * (n)) /* 8.10.5 and following */
#define TRANSMIT(n)    (0xe000u + 0x40 * (n)) /* 8.12.6 and following */
#define RING_SPLIT     0x0cu /* SRRCTL, 8.10.2 */
#define   SPLIT_2048     2u         /* BSIZEPACKET, in KiB */
#define   SPLIT_ADVANCED (1u << 25) /* DESCTYPE: advanced, one buffer */
#define   SPLIT_DROP     (1u << 31) /* a full queue does not hold up others */
#define   CONTROL_WTHRESH (1u << 16) /* RXDCTL 8.10.10, TXDCTL 8.12.11 */
#define   CONTROL_ENABLE  (1u << 25)
#define REG_MRQC       0x5818u /* 8.10.17 */
#define   MRQC_RSS       2u
#define   MRQC_TCP_IPV4  (1u << 16)
#define   MRQC_IPV4      (1u << 17)
#define   MRQC_IPV6      (1u << 20)
#define   MRQC_TCP_IPV6  (1u << 21)
#define REG_RETA(n)    (0x5c00u + 4 * (n)) /* 8.10.18: 128 bytes */
#define REG_RSSRK(n)   (0x5c80u + 4 * (n)) /* 8.10.19: 40 bytes */
#define REG_GPIE       0x1514u /* 8.8.13 */
#define   GPIE_NSICR     (1u << 0)  /* reading ICR clears it */
#define   GPIE_MSIX      (1u << 4)
#define   GPIE_EIAME     (1u << 30) /* a message masks its vector */
#define   GPIE_PBA       (1u << 31)
#define REG_EIMS       0x1524u /* 8.8.3, vectors: on */
#define REG_EIMC       0x1528u /* 8.8.4, off */
#define REG_EIAC       0x152cu /* 8.8.5, cleared by their message */
#define REG_EIAM       0x1530u /* 8.8.6, masked by their message */
#define REG_IVAR(n)    (0x1700u + 4 * (n)) /* 8.8.15 */
#define   IVAR_VALID     0x80u
#define   IVAR_RECEIVE(v)  ((v) | IVAR_VALID)
#define   IVAR_TRANSMIT(v) (((v) | IVAR_VALID) << 8)
#define REG_IVAR_MISC  0x1740u /* 8.8.16 */
#define   IVAR_OTHER(v)    (((v) | IVAR_VALID) << 8)
#define REG_EITR(v)    (0x1680u + 4 * (v)) /* 8.8.14 */
#define   EITR_US(us)      ((us) << 2)
/* clang-format on */

#define RETA_WORDS 32u
#define KEY_WORDS  10u

uint32_t chip_receive_base(uint32_t queue)
{
    return RECEIVE(queue);
}

uint32_t chip_transmit_base(uint32_t queue)
{
    return TRANSMIT(queue);
}

/* The last vector is the link's; the others are shared out among the queues. */
static uint32_t link_vector(const struct intel_nic *nic)
{
    return nic->driver.kit.vectors - 1;
}

static uint32_t queue_vector(const struct intel_nic *nic, uint32_t queue)
{
    uint32_t vectors = nic->driver.kit.vectors;

    return vectors > 1 ? queue % (vectors - 1) : 0;
}

uint64_t chip_link_vectors(const struct intel_nic *nic)
{
    return 1ull << link_vector(nic);
}

/* 7.1.1.7: the hash over a flow's addresses and ports chooses an entry of the
 * table, which says the queue. The key is made anew for each start, so nobody
 * outside can choose the queue. */
static void rss_start(struct intel_nic *nic)
{
    uint64_t seed = clock_now() | 1;

    for (uint32_t i = 0; i < KEY_WORDS; i++) {
        seed = seed * 6364136223846793005ull + 1442695040888963407ull;
        nic_write(nic, REG_RSSRK(i), (uint32_t)(seed >> 32));
    }
    for (uint32_t i = 0; i < RETA_WORDS; i++) {
        uint32_t entries = 0;

        for (uint32_t k = 0; k < 4; k++)
            entries |= (4 * i + k) % nic->queue_count << 8 * k;
        nic_write(nic, REG_RETA(i), entries);
    }
    nic_write(nic, REG_MRQC,
              MRQC_RSS | MRQC_TCP_IPV4 | MRQC_IPV4 | MRQC_IPV6 | MRQC_TCP_IPV6);
}

/* 7.3.2: causes to vectors; a message clears and masks its own vector. */
static void interrupts_start(struct intel_nic *nic)
{
    uint32_t vectors = (1u << nic->driver.kit.vectors) - 1;

    nic_write(nic, REG_GPIE, GPIE_NSICR | GPIE_MSIX | GPIE_EIAME | GPIE_PBA);
    nic_write(nic, REG_EIAC, vectors);
    nic_write(nic, REG_EIAM, vectors);
    for (uint32_t q = 0; q < nic->queue_count; q++) {
        uint32_t v = queue_vector(nic, q);

        nic_write(nic, REG_IVAR(q), IVAR_RECEIVE(v) | IVAR_TRANSMIT(v));
        nic_write(nic, REG_EITR(v), EITR_US(nic->moderation_us));
    }
    nic_write(nic, REG_IVAR_MISC, IVAR_OTHER(link_vector(nic)));
    nic_write(nic, REG_IMS, CAUSE_LSC);
}

void chip_start(struct intel_nic *nic)
{
    for (uint32_t q = 0; q < nic->queue_count; q++)
        nic_write(nic, RECEIVE(q) + RING_SPLIT,
                  SPLIT_2048 | SPLIT_ADVANCED |
                      (nic->queue_count > 1 ? SPLIT_DROP : 0));
    nic_write(nic, REG_RXCSUM, RXCSUM_IPOFL | RXCSUM_TUOFL | RXCSUM_PCSD);
    rss_start(nic);
    interrupts_start(nic);
}

/* 4.5.9, 4.5.10: each queue says when it is on. */
bool chip_queues_on(struct intel_nic *nic)
{
    for (uint32_t q = 0; q < nic->queue_count; q++) {
        uint32_t receive = RECEIVE(q) + RING_CONTROL;
        uint32_t transmit = TRANSMIT(q) + RING_CONTROL;

        nic_write(nic, receive, CONTROL_WTHRESH | CONTROL_ENABLE);
        nic_write(nic, transmit, CONTROL_WTHRESH | CONTROL_ENABLE);
        if (!nic_wait(nic, receive, CONTROL_ENABLE, CONTROL_ENABLE) ||
            !nic_wait(nic, transmit, CONTROL_ENABLE, CONTROL_ENABLE))
            return false;
    }
    return true;
}

void chip_interrupts_off(struct intel_nic *nic)
{
    nic_write(nic, REG_EIMC, ~0u);
    nic_write(nic, REG_IMC, ~0u);
}

void chip_listen(struct intel_nic *nic, uint64_t vectors)
{
    if (vectors == 0)
        return;
    if (vectors & chip_link_vectors(nic)) {
        nic_read(nic, REG_ICR); /* clears what its message does not */
        nic_write(nic, REG_IMS, CAUSE_LSC);
    }
    nic_write(nic, REG_EIMS,
              (uint32_t)vectors & ((1u << nic->driver.kit.vectors) - 1));
}

const struct intel_chip chip = {
    .name = "Intel 82576",
    .max_queues = NIC_MAX_QUEUES,
    .features = PACKET_CAN_CHECKSUM_SEND | PACKET_CAN_CHECKSUM_IP |
                PACKET_CAN_CHECKSUM_RECEIVE | PACKET_CAN_TSO4 |
                PACKET_CAN_TSO6 | PACKET_CAN_HASH,
};
