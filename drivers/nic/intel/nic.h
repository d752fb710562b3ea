/*
 * What both Intel drivers are, and the few things in which the chips differ:
 * the chip_ functions are those of the chip.c that the program is linked with.
 */
#pragma once

#include <cordon/cordon.h>
#include <cordon/packet_driver.h>

#include "drivers/nic/intel/queue.h"

#define NIC_MAX_QUEUES 8u

struct intel_nic {
    struct packet_driver driver;
    mmio_t registers;
    uint32_t queue_count;   /* in use */
    uint32_t moderation_us; /* between two interrupts of a vector, at least */
    struct intel_queue queues[NIC_MAX_QUEUES];
    uint32_t filter_flags, filter_count;
    uint8_t filter[PACKET_MAX_MULTICAST][6];
    struct packet_statistics counted;
};

static inline uint32_t nic_read(const struct intel_nic *nic, uint32_t offset)
{
    return mmio_read32(nic->registers, offset);
}

static inline void nic_write(const struct intel_nic *nic, uint32_t offset,
                             uint32_t value)
{
    mmio_write32(nic->registers, offset, value);
}

/* mac.c: as struct packet_device_operations has them. */
bool nic_reset(struct intel_nic *nic);
void nic_negotiate(const struct intel_nic *nic);
void nic_address(const struct intel_nic *nic, uint8_t mac[6]);
uint32_t nic_link(const struct intel_nic *nic);
void nic_count(struct intel_nic *nic);
void nic_filter(const struct intel_nic *nic);

/* Until the bits under `mask` read as `value`, 10 ms at most. */
bool nic_wait(const struct intel_nic *nic, uint32_t offset, uint32_t mask,
              uint32_t value);

/* nic.c: opens the device that the policy grants and looks at it; says why not.
 */
bool nic_open(struct intel_nic *nic, int argc, char **argv);
extern const struct packet_device_operations nic_operations;

/* --- the chip's own --- */

struct intel_chip {
    const char *name;
    uint32_t max_queues;
    uint32_t features; /* enum packet_feature */
};
extern const struct intel_chip chip;

/* Where a queue's receive and transmit registers begin. */
uint32_t chip_receive_base(uint32_t queue);
uint32_t chip_transmit_base(uint32_t queue);

/* After a reset and before RCTL.EN and TCTL.EN: what the chip wants beside the
 * rings (descriptor formats, RSS, interrupt vectors). */
void chip_start(struct intel_nic *nic);

/* After RCTL.EN: turns the queues on. False: the chip did not. */
bool chip_queues_on(struct intel_nic *nic);

void chip_interrupts_off(struct intel_nic *nic);
void chip_listen(struct intel_nic *nic, uint64_t vectors);

/* The vectors whose interrupt may be a change of the link. */
uint64_t chip_link_vectors(const struct intel_nic *nic);
