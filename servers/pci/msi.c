/*
 * MSI-X has a table in device memory and only an on/off and a mask bit in
 * configuration space; MSI has everything in configuration space. A function
 * with both uses MSI-X.
 */
#include "servers/pci/msi.h"

#define MSIX_CONTROL  0x2u
#define MSIX_ENABLE   0x8000u
#define MSIX_MASK_ALL 0x4000u
#define VECTOR_MASKED 1u

#define MSI_CONTROL  0x2u
#define MSI_ENABLE   0x0001u
#define MSI_MULTIPLE 0x0070u
#define MSI_64       0x0080u
#define MSI_MASKABLE 0x0100u
#define MSI_ADDRESS  0x4u

static void set_control(const struct config_space *c, const struct node *n,
                        uint32_t at, uint32_t clear, uint32_t set)
{
    uint32_t value = config_read(c, n->address, at, 2);

    config_write(c, n->address, at, 2, (value & ~clear) | set);
}

void msi_disable(const struct config_space *c, const struct node *n)
{
    if (n->msix != 0)
        set_control(c, n, n->msix + MSIX_CONTROL, MSIX_ENABLE, MSIX_MASK_ALL);
    if (n->msi != 0)
        set_control(c, n, n->msi + MSI_CONTROL, MSI_ENABLE, 0);
}

void msix_prepare(const struct config_space *c, const struct node *n)
{
    set_control(c, n, n->msix + MSIX_CONTROL, 0, MSIX_ENABLE | MSIX_MASK_ALL);
}

void msix_write(volatile uint32_t *table, const struct vector *vectors,
                uint32_t count)
{
    for (uint32_t i = 0; i < count; i++, table += MSIX_ENTRY_BYTES / 4) {
        table[3] = VECTOR_MASKED;
        if (!vectors[i].set)
            continue;
        table[0] = (uint32_t)vectors[i].address;
        table[1] = (uint32_t)(vectors[i].address >> 32);
        table[2] = vectors[i].data;
        table[3] = 0;
    }
}

void msix_enable(const struct config_space *c, const struct node *n)
{
    set_control(c, n, n->msix + MSIX_CONTROL, MSIX_MASK_ALL, MSIX_ENABLE);
}

void msi_enable(const struct config_space *c, const struct node *n,
                const struct vector *v)
{
    uint32_t at = n->msi + MSI_ADDRESS;
    uint32_t control = config_read(c, n->address, n->msi + MSI_CONTROL, 2);
    uint32_t data = at + 4u;

    config_write(c, n->address, at, 4, (uint32_t)v->address);
    if ((control & MSI_64) != 0) {
        config_write(c, n->address, at + 4u, 4, (uint32_t)(v->address >> 32));
        data = at + 8u;
    }
    config_write(c, n->address, data, 2, v->data);
    if ((control & MSI_MASKABLE) != 0)
        config_write(c, n->address, data + 4u, 4, 0);
    set_control(c, n, n->msi + MSI_CONTROL, MSI_MULTIPLE, MSI_ENABLE);
}
