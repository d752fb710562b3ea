/* Virtio on PCI, from the capabilities in configuration space on. */
#include "drivers/virtio/transport.h"

#include <cordon/cordon.h>
#include <cordon/pci.h>

/* clang-format off */
#define CAP_VENDOR       9u /* 4.1.4: virtio structure PCI capabilities */
#define   CAP_NEXT         1u
#define   CAP_TYPE         3u
#define   CAP_BAR          4u
#define   CAP_OFFSET       8u
#define   CAP_LENGTH       12u
#define   CAP_MULTIPLIER   16u /* of the notification structure */
#define TYPE_COMMON      1u
#define TYPE_NOTIFY      2u
#define TYPE_CONFIG      4u

/* 4.1.4.3: the common configuration. */
#define COMMON_DEVICE_SELECT  0x00u
#define COMMON_DEVICE_FEATURE 0x04u
#define COMMON_DRIVER_SELECT  0x08u
#define COMMON_DRIVER_FEATURE 0x0cu
#define COMMON_CONFIG_VECTOR  0x10u
#define COMMON_STATUS         0x14u
#define COMMON_QUEUE_SELECT   0x16u
#define COMMON_QUEUE_SIZE     0x18u
#define COMMON_QUEUE_VECTOR   0x1au
#define COMMON_QUEUE_ENABLE   0x1cu
#define COMMON_QUEUE_NOTIFY   0x1eu
#define COMMON_QUEUE_DESC     0x20u
#define COMMON_QUEUE_AVAIL    0x28u
#define COMMON_QUEUE_USED     0x30u
#define COMMON_BYTES          0x38u
/* clang-format on */

#define CAPS_MAX 48u /* that fit into configuration space */
#define RESET_NS (100 * NS_PER_MS)

/* One structure: where it is, if it lies in a window that we have. */
static mmio_t structure_map(struct virtio_device *v, mmio_t windows[PCI_BARS],
                            size_t sizes[PCI_BARS], uint32_t cap, size_t *bytes)
{
    uint32_t bar, offset, length;

    if (pci_read(v->kit->pci, cap + CAP_BAR, 1, &bar) != 0 ||
        pci_read(v->kit->pci, cap + CAP_OFFSET, 4, &offset) != 0 ||
        pci_read(v->kit->pci, cap + CAP_LENGTH, 4, &length) != 0 ||
        bar >= PCI_BARS)
        return NULL;
    if (windows[bar] == NULL)
        windows[bar] = driver_map_window(v->kit, bar, &sizes[bar]);
    if (windows[bar] == NULL || offset > sizes[bar] ||
        length > sizes[bar] - offset)
        return NULL;
    *bytes = length;
    return windows[bar] + offset;
}

static void structure_found(struct virtio_device *v, mmio_t windows[PCI_BARS],
                            size_t sizes[PCI_BARS], uint32_t cap)
{
    uint32_t type;
    size_t bytes = 0;

    if (pci_read(v->kit->pci, cap + CAP_TYPE, 1, &type) != 0)
        return;
    /* The first of a type is the one to use (4.1.4.1). */
    if (type == TYPE_COMMON && v->common == NULL) {
        v->common = structure_map(v, windows, sizes, cap, &bytes);
        if (bytes < COMMON_BYTES)
            v->common = NULL;
    } else if (type == TYPE_NOTIFY && v->notify == NULL) {
        v->notify = structure_map(v, windows, sizes, cap, &v->notify_bytes);
        pci_read(v->kit->pci, cap + CAP_MULTIPLIER, 4, &v->notify_multiplier);
    } else if (type == TYPE_CONFIG && v->config == NULL) {
        v->config = structure_map(v, windows, sizes, cap, &v->config_bytes);
    }
}

const char *virtio_open(struct virtio_device *v, struct driver *kit)
{
    mmio_t windows[PCI_BARS] = {0};
    size_t sizes[PCI_BARS] = {0};
    uint32_t cap = 0, id;

    *v = (struct virtio_device){.kit = kit};
    if (pci_capability(kit->pci, CAP_VENDOR, &cap) != 0)
        return "it has no virtio structures (not a modern virtio device)";
    for (unsigned i = 0; i < CAPS_MAX && cap >= 0x40; i++) {
        if (pci_read(kit->pci, cap, 1, &id) != 0)
            break;
        if (id == CAP_VENDOR)
            structure_found(v, windows, sizes, cap);
        if (pci_read(kit->pci, cap + CAP_NEXT, 1, &cap) != 0)
            break;
    }
    if (v->common == NULL || v->notify == NULL || v->config == NULL)
        return "its virtio structures are not in a memory BAR";
    return NULL;
}

bool virtio_reset(struct virtio_device *v)
{
    uint64_t end = clock_after(RESET_NS);

    mmio_write8(v->common, COMMON_STATUS, 0);
    while (mmio_read8(v->common, COMMON_STATUS) != 0) {
        if (clock_now() >= end)
            return false;
        clock_spin(NS_PER_US);
    }
    return true;
}

static void status_add(struct virtio_device *v, uint32_t bits)
{
    mmio_write8(v->common, COMMON_STATUS,
                (uint8_t)(mmio_read8(v->common, COMMON_STATUS) | bits));
}

/* 64 feature bits through a window of 32 (4.1.4.3). */
static uint64_t features_offered(struct virtio_device *v)
{
    uint64_t low, high;

    mmio_write32(v->common, COMMON_DEVICE_SELECT, 0);
    low = mmio_read32(v->common, COMMON_DEVICE_FEATURE);
    mmio_write32(v->common, COMMON_DEVICE_SELECT, 1);
    high = mmio_read32(v->common, COMMON_DEVICE_FEATURE);
    return low | high << 32;
}

const char *virtio_negotiate(struct virtio_device *v, uint64_t wanted)
{
    const uint64_t needed = VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM;
    uint64_t offered;

    status_add(v, VIRTIO_ACKNOWLEDGE);
    status_add(v, VIRTIO_DRIVER);
    offered = features_offered(v);
    if ((offered & VIRTIO_F_VERSION_1) == 0)
        return "it is not a modern virtio device";
    if ((offered & VIRTIO_F_ACCESS_PLATFORM) == 0)
        return "its DMA would not go through the IOMMU (QEMU: "
               "iommu_platform=on)";
    v->features = offered & (wanted | needed);
    mmio_write32(v->common, COMMON_DRIVER_SELECT, 0);
    mmio_write32(v->common, COMMON_DRIVER_FEATURE, (uint32_t)v->features);
    mmio_write32(v->common, COMMON_DRIVER_SELECT, 1);
    mmio_write32(v->common, COMMON_DRIVER_FEATURE,
                 (uint32_t)(v->features >> 32));
    status_add(v, VIRTIO_FEATURES_OK);
    if ((mmio_read8(v->common, COMMON_STATUS) & VIRTIO_FEATURES_OK) == 0)
        return "it refused the features that it had offered";
    return NULL;
}

bool virtio_needs_reset(struct virtio_device *v)
{
    return (mmio_read8(v->common, COMMON_STATUS) & VIRTIO_NEEDS_RESET) != 0;
}

void virtio_ready(struct virtio_device *v)
{
    status_add(v, VIRTIO_DRIVER_OK);
}

void virtio_config_vector(struct virtio_device *v, uint32_t vector)
{
    mmio_write16(v->common, COMMON_CONFIG_VECTOR, (uint16_t)vector);
}

uint32_t virtio_queue_size(struct virtio_device *v, uint32_t number)
{
    mmio_write16(v->common, COMMON_QUEUE_SELECT, (uint16_t)number);
    return mmio_read16(v->common, COMMON_QUEUE_SIZE);
}

/* 4.1.3: 64-bit fields as two halves. */
static void common_write64(struct virtio_device *v, uint32_t at, uint64_t value)
{
    mmio_write32(v->common, at, (uint32_t)value);
    mmio_write32(v->common, at + 4, (uint32_t)(value >> 32));
}

mmio_t virtio_queue_enable(struct virtio_device *v, uint32_t number,
                           uint32_t entries, iova_t descriptors, iova_t avail,
                           iova_t used, uint32_t vector)
{
    uint64_t doorbell;

    mmio_write16(v->common, COMMON_QUEUE_SELECT, (uint16_t)number);
    mmio_write16(v->common, COMMON_QUEUE_SIZE, (uint16_t)entries);
    mmio_write16(v->common, COMMON_QUEUE_VECTOR, (uint16_t)vector);
    if (mmio_read16(v->common, COMMON_QUEUE_VECTOR) != (uint16_t)vector)
        return NULL;
    common_write64(v, COMMON_QUEUE_DESC, descriptors.v);
    common_write64(v, COMMON_QUEUE_AVAIL, avail.v);
    common_write64(v, COMMON_QUEUE_USED, used.v);
    doorbell = (uint64_t)mmio_read16(v->common, COMMON_QUEUE_NOTIFY) *
               v->notify_multiplier;
    if (doorbell + 2 > v->notify_bytes)
        return NULL;
    mmio_write16(v->common, COMMON_QUEUE_ENABLE, 1);
    return v->notify + doorbell;
}
