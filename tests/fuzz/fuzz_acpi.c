/*
 * Any bytes as ACPI tables: the readers must neither read beyond them nor
 * report more than there is room for. Checksums are made right where a table
 * is read alone, so that the fuzzer gets past them.
 *
 * links: boot/acpi.c
 */
#include "boot/acpi.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t *memory;
static size_t memory_size;

static const void *map(paddr_t address, size_t size)
{
    if (address.v > memory_size || size > memory_size - address.v)
        return NULL;
    return memory + address.v;
}

static void check(const struct acpi_info *info)
{
    if (info->cpu_count > ACPI_MAX_CPUS || info->ioapic_count > IOAPIC_MAX ||
        info->override_count > WIRES_MAX ||
        info->segment_count > ACPI_MAX_SEGMENTS)
        abort();
    for (unsigned i = 0; i < info->segment_count; i++)
        if (info->segments[i].first_bus > info->segments[i].last_bus)
            abort();
}

static void single(const uint8_t *data, size_t size, const char *signature,
                   bool (*read)(const void *, size_t, struct acpi_info *))
{
    struct acpi_info info = {0};
    uint8_t *table = malloc(size ? size : 1), sum = 0;

    memcpy(table, data, size);
    if (size >= 36) {
        memcpy(table, signature, 4);
        uint32_t length = 0;
        memcpy(&length, table + 4, 4);
        if (length < 36 || length > size) {
            length = (uint32_t)size;
            memcpy(table + 4, &length, 4);
        }
        table[9] = 0;
        for (size_t i = 0; i < length; i++)
            sum = (uint8_t)(sum + table[i]);
        table[9] = (uint8_t)-sum;
    }
    read(table, size, &info);
    check(&info);
    free(table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct acpi_info info;
    uint32_t broken;

    memory = data;
    memory_size = size;
    acpi_read(data, size < 36 ? size : 36, map, &info, &broken);
    check(&info);
    single(data, size, "APIC", acpi_read_madt);
    single(data, size, "MCFG", acpi_read_mcfg);
    single(data, size, "FACP", acpi_read_fadt);
    single(data, size, "HPET", acpi_read_hpet);
    return 0;
}
