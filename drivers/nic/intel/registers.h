/*
 * Registers that the 82574L (e1000e) and the 82576 (igb) have in common.
 * Numbers in comments are sections of the Intel 82574 GbE Controller Family
 * Datasheet; the 82576 Datasheet has the same registers in its chapter 8.
 * What only one of the two has is in that driver's chip.c.
 */
#pragma once

/* clang-format off */
#define REG_CTRL     0x0000u /* 10.2.2.1, device control */
#define   CTRL_FD            (1u << 0)  /* full duplex */
#define   CTRL_MASTER_DISABLE (1u << 2) /* issue no more requests */
#define   CTRL_ASDE          (1u << 5)  /* speed as the PHY found it */
#define   CTRL_SLU           (1u << 6)  /* set link up */
#define   CTRL_FRCSPD        (1u << 11) /* speed and */
#define   CTRL_FRCDPX        (1u << 12) /* duplex by software */
#define   CTRL_RST           (1u << 26) /* everything but the PHY */
#define REG_STATUS   0x0008u /* 10.2.2.2, device status */
#define   STATUS_FD          (1u << 0)
#define   STATUS_LU          (1u << 1)  /* link up */
#define   STATUS_SPEED(s)    (((s) >> 6) & 3u) /* 10, 100, 1000, 1000 */
#define   STATUS_MASTER      (1u << 19) /* requests may be under way */
#define REG_CTRL_EXT 0x0018u /* 10.2.2.5 */
#define REG_MDIC     0x0020u /* 10.2.2.7, PHY registers */
#define   MDIC_DATA(d)       (d)
#define   MDIC_REGISTER(r)   ((r) << 16)
#define   MDIC_PHY           (1u << 21) /* address 1: the internal one */
#define   MDIC_WRITE         (1u << 26)
#define   MDIC_READY         (1u << 28)
#define   PHY_CONTROL          0u        /* IEEE 802.3, 22.2.4.1 */
#define     PHY_NEGOTIATE        0x1000u
#define     PHY_RESTART          0x0200u
#define REG_ICR      0x00c0u /* 10.2.4.1, interrupt causes */
#define   CAUSE_LSC          (1u << 2)  /* link status change */
#define   CAUSE_RXO          (1u << 6)  /* receiver overrun */
#define REG_IMS      0x00d0u /* 10.2.4.5, mask: set */
#define REG_IMC      0x00d8u /* 10.2.4.6, mask: clear */
#define REG_RCTL     0x0100u /* 10.2.5.1, receive control */
#define   RCTL_EN            (1u << 1)
#define   RCTL_UPE           (1u << 3)  /* every unicast frame */
#define   RCTL_MPE           (1u << 4)  /* every multicast frame */
#define   RCTL_BAM           (1u << 15) /* broadcasts */
#define   RCTL_SECRC         (1u << 26) /* strip the FCS; BSIZE 0: 2,048 bytes */
#define REG_TCTL     0x0400u /* 10.2.6.1, transmit control */
#define   TCTL_EN            (1u << 1)
#define   TCTL_PSP           (1u << 3)  /* pad short packets */
#define   TCTL_CT            (0x0fu << 4)  /* collision threshold */
#define   TCTL_COLD          (0x3fu << 12) /* collision distance */
#define REG_TIPG     0x0410u /* 10.2.6.2, gap between frames */
#define   TIPG_COPPER        (8u | 8u << 10 | 6u << 20)
#define REG_RXCSUM   0x5000u /* 10.2.5.15 */
#define   RXCSUM_IPOFL       (1u << 8)  /* check IPv4 headers */
#define   RXCSUM_TUOFL       (1u << 9)  /* check TCP and UDP */
#define   RXCSUM_PCSD        (1u << 13) /* RSS hash in the write-back */
#define REG_MTA(n)   (0x5200u + 4 * (n)) /* 10.2.5.16, multicast table */
#define   MTA_WORDS          128u
#define REG_RAL(n)   (0x5400u + 8 * (n)) /* 10.2.5.17, addresses */
#define REG_RAH(n)   (0x5404u + 8 * (n)) /* 10.2.5.18 */
#define   RAH_AV             (1u << 31)

/* Statistics, 10.2.7: cleared when read. */
#define REG_CRCERRS  0x4000u
#define REG_RXERRC   0x400cu
#define REG_MPC      0x4010u /* no buffer, and the FIFO was full */
#define REG_RLEC     0x4040u /* length errors */
#define REG_GPRC     0x4074u /* good frames received */
#define REG_BPRC     0x4078u
#define REG_MPRC     0x407cu
#define REG_GPTC     0x4080u /* good frames sent */
#define REG_GORCL    0x4088u /* bytes; reading the high word clears both */
#define REG_GORCH    0x408cu
#define REG_GOTCL    0x4090u
#define REG_GOTCH    0x4094u
#define REG_RUC      0x40a4u /* too short */
#define REG_ROC      0x40acu /* too long */

/* A ring's registers, from its own base (10.2.5.5 to 10.2.5.11 and 10.2.6.4 to
 * 10.2.6.10; both chips have the same order). */
#define RING_BASE_LOW  0x00u
#define RING_BASE_HIGH 0x04u
#define RING_BYTES     0x08u
#define RING_HEAD      0x10u
#define RING_TAIL      0x18u
#define RING_CONTROL   0x28u /* RXDCTL, TXDCTL */
/* clang-format on */
