/*
 * Any bytes as ACPI tables: the readers must neither read beyond them nor
 * report more than there is room for. Checksums are made right where a table
 * is read alone, and in a memory that is laid out as a firmware would: root
 * pointer, root table, tables. So the fuzzer gets past them.
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

static void seal(uint8_t *bytes, size_t size, size_t checksum_at)
{
    uint8_t sum = 0;

    bytes[checksum_at] = 0;
    for (size_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + bytes[i]);
    bytes[checksum_at] = (uint8_t)-sum;
}

static void single(const uint8_t *data, size_t size, const char *signature,
                   bool (*read)(const void *, size_t, struct acpi_info *))
{
    struct acpi_info info = {0};
    uint8_t *table = malloc(size ? size : 1);

    memcpy(table, data, size);
    if (size >= 36) {
        memcpy(table, signature, 4);
        uint32_t length = 0;
        memcpy(&length, table + 4, 4);
        if (length < 36 || length > size) {
            length = (uint32_t)size;
            memcpy(table + 4, &length, 4);
        }
        seal(table, length, 9);
    }
    read(table, size, &info);
    check(&info);
    free(table);
}

#define ROOT_AT  64u
#define TABLE_AT 256u /* the first; as far apart */
#define TABLES   6u
#define MEMORY   (TABLE_AT * (TABLES + 1))

/* The root table names them; its length is the input's. */
static void put_root(uint8_t *to, bool wide, uint8_t length)
{
    uint32_t bytes = length;

    memcpy(to, wide ? "XSDT" : "RSDT", 4);
    memcpy(to + 4, &bytes, 4);
    for (uint64_t i = 0; i < TABLES; i++) {
        uint64_t at = TABLE_AT * (i + 1);

        memcpy(to + 36 + i * (wide ? 8 : 4), &at, wide ? 8 : 4);
    }
    if (length < TABLE_AT - ROOT_AT)
        seal(to, length, 9);
}

/* The first byte says which kind, the second how long, then comes the rest of
 * it; wrong if the length's top bit says so. */
static size_t put_table(uint8_t *to, const uint8_t *data, size_t size)
{
    static const char names[] = "APICMCFGFACPHPETDMARJUNK";
    uint32_t length = size > 1 ? 36u + data[1] % 128 : 36;
    size_t bytes = size < 2 ? 0 : size - 2;

    if (bytes > length - 36)
        bytes = length - 36;
    if (bytes)
        memcpy(to + 36, data + 2, bytes);
    memcpy(to, names + data[0] % 6 * 4, 4);
    memcpy(to + 4, &length, 4);
    seal(to, length, 9);
    to[9] ^= size > 1 && data[1] & 0x80;
    return bytes + 2 < size ? bytes + 2 : size;
}

static void laid_out(const uint8_t *data, size_t size)
{
    static uint8_t bytes[MEMORY];
    struct acpi_info info;
    uint64_t root = ROOT_AT;
    uint32_t broken;

    if (size < 2)
        return;
    memset(bytes, 0, sizeof(bytes));
    memcpy(bytes, "RSD PTR ", 8);
    bytes[15] = data[0] & 1 ? 2 : 0;
    memcpy(bytes + 16, &root, 4);
    memcpy(bytes + 24, &root, 8);
    seal(bytes, 20, 8);
    seal(bytes, 36, 32);
    put_root(bytes + ROOT_AT, data[0] & 1, data[1]);
    data += 2, size -= 2;
    for (unsigned i = 1; i <= TABLES && size; i++) {
        size_t used = put_table(bytes + i * TABLE_AT, data, size);

        data += used, size -= used;
    }
    memory = bytes;
    memory_size = sizeof(bytes);
    acpi_read(bytes, 36, map, &info, &broken);
    check(&info);
    if (info.dmar && ((const uint8_t *)info.dmar < bytes + TABLE_AT ||
                      info.dmar_size > TABLE_AT))
        abort();
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
    laid_out(data, size);
    return 0;
}
