/*
 * The part of the chips below the rings: reset, address, link, filters,
 * statistics. Sections are of the 82574 data sheet.
 */
#include <string.h>

#include "drivers/nic/intel/nic.h"
#include "drivers/nic/intel/registers.h"

#define WAIT_NS         (10 * NS_PER_MS)
#define RESET_NS        NS_PER_US /* 4.6.2: before a register is touched again */
#define BROADCASTS_ONLY RCTL_BAM

bool nic_wait(const struct intel_nic *nic, uint32_t offset, uint32_t mask,
              uint32_t value)
{
    uint64_t end = clock_after(WAIT_NS);

    do {
        if ((nic_read(nic, offset) & mask) == value)
            return true;
        clock_spin(RESET_NS);
    } while (clock_now() < end);
    return false;
}

/*
 * 4.6.2, and 5.2.3.1 before it: no new requests, let those under way end, then
 * reset all but the PHY. Interrupts stay off before and after.
 */
bool nic_reset(struct intel_nic *nic)
{
    chip_interrupts_off(nic);
    nic_write(nic, REG_RCTL, 0);
    nic_write(nic, REG_TCTL, 0);
    nic_write(nic, REG_CTRL, nic_read(nic, REG_CTRL) | CTRL_MASTER_DISABLE);
    nic_wait(nic, REG_STATUS, STATUS_MASTER, 0); /* not fatal: reset anyway */
    nic_write(nic, REG_CTRL, nic_read(nic, REG_CTRL) | CTRL_RST);
    clock_spin(RESET_NS);
    if (!nic_wait(nic, REG_CTRL, CTRL_RST, 0))
        return false;
    chip_interrupts_off(nic);
    nic_read(nic, REG_ICR); /* 10.2.4.1: reading clears */
    /* 4.6.3.2: the PHY negotiates, the MAC takes what it finds. */
    nic_write(nic, REG_CTRL,
              (nic_read(nic, REG_CTRL) &
               ~(CTRL_FRCSPD | CTRL_FRCDPX | CTRL_MASTER_DISABLE)) |
                  CTRL_SLU | CTRL_ASDE | CTRL_FD);
    return true;
}

/* 4.6.3: the PHY keeps its link over a reset of the MAC. If it has none, let it
 * look for one again; the link's interrupt says when it has. */
void nic_negotiate(const struct intel_nic *nic)
{
    if (nic_read(nic, REG_STATUS) & STATUS_LU)
        return;
    nic_write(nic, REG_MDIC,
              MDIC_DATA(PHY_NEGOTIATE | PHY_RESTART) |
                  MDIC_REGISTER(PHY_CONTROL) | MDIC_PHY | MDIC_WRITE);
    nic_wait(nic, REG_MDIC, MDIC_READY, MDIC_READY);
}

/* 10.2.5.17: entry 0 was loaded from the NVM. */
void nic_address(const struct intel_nic *nic, uint8_t mac[6])
{
    uint32_t low = nic_read(nic, REG_RAL(0)), high = nic_read(nic, REG_RAH(0));

    for (unsigned i = 0; i < 4; i++)
        mac[i] = (uint8_t)(low >> 8 * i);
    mac[4] = (uint8_t)high;
    mac[5] = (uint8_t)(high >> 8);
}

uint32_t nic_link(const struct intel_nic *nic)
{
    static const uint32_t mbps[] = {10, 100, 1000, 1000};
    uint32_t status = nic_read(nic, REG_STATUS);

    if ((status & STATUS_LU) == 0)
        return 0;
    return PACKET_LINK_UP | (status & STATUS_FD ? PACKET_LINK_FULL : 0) |
           mbps[STATUS_SPEED(status)];
}

/* Bits 47:36 of the address choose one of 4,096 (10.2.5.16, RCTL.MO = 0). */
static void multicast_mark(uint32_t table[MTA_WORDS], const uint8_t address[6])
{
    uint32_t hash = (uint32_t)address[4] >> 4 | (uint32_t)address[5] << 4;

    table[hash >> 5] |= 1u << (hash & 31);
}

void nic_filter(const struct intel_nic *nic)
{
    uint32_t control = nic_read(nic, REG_RCTL) & ~(RCTL_UPE | RCTL_MPE);
    uint32_t table[MTA_WORDS] = {0};

    for (uint32_t i = 0; i < nic->filter_count; i++)
        multicast_mark(table, nic->filter[i]);
    for (uint32_t i = 0; i < MTA_WORDS; i++)
        nic_write(nic, REG_MTA(i), table[i]);
    if (nic->filter_flags & PACKET_FILTER_PROMISCUOUS)
        control |= RCTL_UPE | RCTL_MPE;
    if (nic->filter_flags & PACKET_FILTER_ALL_MULTICAST)
        control |= RCTL_MPE;
    nic_write(nic, REG_RCTL, control | BROADCASTS_ONLY);
}

static uint64_t count_64(const struct intel_nic *nic, uint32_t low)
{
    uint64_t bytes = nic_read(nic, low);

    return bytes | (uint64_t)nic_read(nic, low + 4) << 32;
}

/* Hardware forgets what was read, so it is added up here. */
void nic_count(struct intel_nic *nic)
{
    struct packet_statistics *s = &nic->counted;

    s->received += nic_read(nic, REG_GPRC);
    s->received_bytes += count_64(nic, REG_GORCL);
    s->received_broadcast += nic_read(nic, REG_BPRC);
    s->received_multicast += nic_read(nic, REG_MPRC);
    s->sent += nic_read(nic, REG_GPTC);
    s->sent_bytes += count_64(nic, REG_GOTCL);
    s->missed += nic_read(nic, REG_MPC);
    s->damaged += nic_read(nic, REG_CRCERRS) + nic_read(nic, REG_RXERRC) +
                  nic_read(nic, REG_RLEC) + nic_read(nic, REG_RUC) +
                  nic_read(nic, REG_ROC);
}
