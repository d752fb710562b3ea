/*
 * What only the 82574L does: where its queues are, its extended receive
 * descriptors, and its MSI-X interrupts. Sections are of its data sheet.
 */
#include "drivers/nic/intel/nic.h"
#include "drivers/nic/intel/registers.h"

/* clang-format off */
#define RECEIVE_0      0x2800u /* 10.2.5.5 and following */
#define TRANSMIT_0     0x3800u /* 10.2.6.4 and following */
#define QUEUE_STEP     0x100u
#define   RXDCTL_GRAN    (1u << 24) /* 10.2.5.10: thresholds in descriptors */
#define   RXDCTL_WTHRESH (1u << 16) /* write back one by one */
#define   TXDCTL_GRAN    (1u << 24) /* 10.2.6.9 */
#define   TXDCTL_22      (1u << 22) /*   "must be set" */
#define   TXDCTL_WTHRESH (1u << 16)
#define REG_RFCTL      0x5008u /* 10.2.5.14 */
#define   RFCTL_EXTENDED (1u << 15) /* extended receive descriptors */
#define   CTRL_EXT_PBA   (1u << 31) /* 10.2.2.5: MSI-X pending bits */
#define REG_EIAC       0x00dcu /* 10.2.4.7: causes cleared and masked by their
                                  own MSI-X message */
#define REG_IVAR       0x00e4u /* 10.2.4.9: cause to vector */
#define   IVAR_RECEIVE(v)  ((v) | 8u)
#define   IVAR_TRANSMIT(v) (((v) | 8u) << 8)
#define   IVAR_OTHER(v)    (((v) | 8u) << 16)
#define REG_EITR(v)    (0x00e8u + 4 * (v)) /* 10.2.4.8, in 256 ns */
#define   CAUSE_RECEIVE_0  (1u << 20)
#define   CAUSE_TRANSMIT_0 (1u << 22)
#define   CAUSE_OTHER      (1u << 24)
/* clang-format on */

#define QUEUE_VECTOR 0u
#define NS_PER_TICK  256u
#define QUEUE_CAUSES (CAUSE_RECEIVE_0 | CAUSE_TRANSMIT_0)

uint32_t chip_receive_base(uint32_t queue)
{
    return RECEIVE_0 + QUEUE_STEP * queue;
}

uint32_t chip_transmit_base(uint32_t queue)
{
    return TRANSMIT_0 + QUEUE_STEP * queue;
}

/* With one vector, it has everything. */
static uint32_t link_vector(const struct intel_nic *nic)
{
    return nic->driver.kit.vectors > 1 ? 1 : QUEUE_VECTOR;
}

uint64_t chip_link_vectors(const struct intel_nic *nic)
{
    return 1ull << link_vector(nic);
}

/* 7.4.4: each cause to its vector; 7.4.3: EIAC makes a message clear and mask
 * its cause, so no register is read in an interrupt. */
static void interrupts_start(struct intel_nic *nic)
{
    uint32_t other = link_vector(nic);

    nic_write(nic, REG_CTRL_EXT, nic_read(nic, REG_CTRL_EXT) | CTRL_EXT_PBA);
    nic_write(nic, REG_IVAR,
              IVAR_RECEIVE(QUEUE_VECTOR) | IVAR_TRANSMIT(QUEUE_VECTOR) |
                  IVAR_OTHER(other));
    nic_write(nic, REG_EIAC, QUEUE_CAUSES | CAUSE_OTHER);
    nic_write(nic, REG_EITR(QUEUE_VECTOR),
              nic->moderation_us * 1000 / NS_PER_TICK);
}

void chip_start(struct intel_nic *nic)
{
    nic_write(nic, REG_RFCTL, nic_read(nic, REG_RFCTL) | RFCTL_EXTENDED);
    nic_write(nic, REG_RXCSUM, RXCSUM_IPOFL | RXCSUM_TUOFL);
    nic_write(nic, RECEIVE_0 + RING_CONTROL, RXDCTL_GRAN | RXDCTL_WTHRESH);
    nic_write(nic, TRANSMIT_0 + RING_CONTROL,
              TXDCTL_GRAN | TXDCTL_22 | TXDCTL_WTHRESH);
    interrupts_start(nic);
}

/* They are on with the receiver. */
bool chip_queues_on(struct intel_nic *nic)
{
    (void)nic;
    return true;
}

void chip_interrupts_off(struct intel_nic *nic)
{
    nic_write(nic, REG_IMC, ~0u);
}

/* What was sent needs no interrupt when it is known to have been sent. */
void chip_listen(struct intel_nic *nic, uint64_t vectors)
{
    uint32_t causes = 0;

    if (vectors & 1ull << QUEUE_VECTOR)
        causes |= CAUSE_RECEIVE_0;
    if (queue_sending(&nic->queues[0]))
        causes |= CAUSE_TRANSMIT_0;
    if (vectors & chip_link_vectors(nic)) {
        /* What "other" stands for is not cleared by its message. */
        nic_write(nic, REG_ICR, CAUSE_LSC | CAUSE_RXO | CAUSE_OTHER);
        causes |= CAUSE_OTHER | CAUSE_LSC;
    }
    if (causes != 0)
        nic_write(nic, REG_IMS, causes);
}

const struct intel_chip chip = {
    .name = "Intel 82574L",
    .max_queues = 1,
    .features = PACKET_CAN_CHECKSUM_SEND | PACKET_CAN_CHECKSUM_IP |
                PACKET_CAN_CHECKSUM_RECEIVE | PACKET_CAN_TSO4 | PACKET_CAN_TSO6,
};
