/*
 * Configuration space as the rest of this server sees it: three functions. On
 * the machine they go to ECAM pages (ecam.c), in tests to a model. Offsets and
 * fields that more than one file needs are named here.
 *
 * Source: PCI Express Base Specification 6.0 (PCIe), 7.5 and 7.7; PCI Power
 * Management 1.2 (PM), 3.2; PCI Local Bus 3.0 (PCI), 6.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config_space {
    uint32_t (*read)(void *context, uint32_t address, uint32_t offset,
                     uint32_t width);
    void (*write)(void *context, uint32_t address, uint32_t offset,
                  uint32_t width, uint32_t value);
    void (*sleep_ms)(void *context, uint32_t ms);
    void *context;
};

#define CONFIG_ID             0x00u /* vendor, device */
#define CONFIG_COMMAND        0x04u
#define COMMAND_IO            0x0001u
#define COMMAND_MEMORY        0x0002u
#define COMMAND_MASTER        0x0004u
#define COMMAND_NO_INTX       0x0400u
#define CONFIG_STATUS         0x06u
#define STATUS_CAPABILITIES   0x0010u
#define CONFIG_CLASS          0x08u /* revision, class code */
#define CONFIG_CACHE_LINE     0x0cu
#define CONFIG_LATENCY        0x0du
#define CONFIG_HEADER         0x0eu
#define HEADER_TYPE           0x7fu
#define HEADER_MULTI          0x80u
#define CONFIG_BAR0           0x10u
#define CONFIG_SECONDARY      0x19u /* bridges */
#define CONFIG_SUBORDINATE    0x1au
#define CONFIG_CAPABILITIES   0x34u
#define CONFIG_BRIDGE_CONTROL 0x3eu
#define BRIDGE_RESET          0x0040u

#define CAPABILITY_PM      0x01u
#define CAPABILITY_MSI     0x05u
#define CAPABILITY_EXPRESS 0x10u
#define CAPABILITY_MSIX    0x11u
#define CAPABILITY_AF      0x13u /* PCI Advanced Features ECN */
#define EXTENDED_ACS       0x000du

#define EXPRESS_FLAGS      0x02u /* PCIe 7.5.3.2: port type in bits 7:4 */
#define EXPRESS_ROOT_PORT  0x4u
#define EXPRESS_UPSTREAM   0x5u
#define EXPRESS_DOWNSTREAM 0x6u
#define EXPRESS_TO_PCI     0x7u
#define EXPRESS_DEVICE_CAP 0x04u /* 7.5.3.3 */
#define DEVICE_CAP_FLR     (1u << 28)
#define EXPRESS_CONTROL    0x08u /* 7.5.3.4 */
#define CONTROL_FLR        (1u << 15)
#define EXPRESS_STATUS     0x0au
#define STATUS_PENDING     (1u << 5)

#define ACS_CAPABILITY 0x04u /* PCIe 7.7.11 */
#define ACS_CONTROL    0x06u
/* Source validation, P2P request and completion redirect, upstream forward. */
#define ACS_ISOLATES 0x1du

#define CONFIG_BYTES     4096u
#define CONFIG_NO_DEVICE 0xffffffffu

static inline uint32_t config_read(const struct config_space *c,
                                   uint32_t address, uint32_t offset,
                                   uint32_t width)
{
    return c->read(c->context, address, offset, width);
}

static inline void config_write(const struct config_space *c, uint32_t address,
                                uint32_t offset, uint32_t width, uint32_t value)
{
    c->write(c->context, address, offset, width, value);
}
