/*
 * Readers for ACPI's static tables. Each takes bytes and a size, checks the
 * table's own length against it, and reads field by field: nothing in a table
 * can make them read beyond its end.
 * Source: ACPI specification 6.5, 5.2.5 to 5.2.12.
 */
#include "boot/acpi.h"

#define HEADER_SIZE  36       /* 5.2.6 */
#define TABLE_MAX    0x100000 /* 1 MiB: anything larger is nonsense */
#define RSDT_ENTRIES 256

#define SIGNATURE(a, b, c, d)                                                  \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 |                \
     (uint32_t)(d) << 24)

static uint64_t read_le(const void *table, size_t at, unsigned bytes)
{
    const uint8_t *p = (const uint8_t *)table + at;
    uint64_t value = 0;

    while (bytes-- > 0)
        value = value << 8 | p[bytes];
    return value;
}

static uint8_t u8(const void *table, size_t at)
{
    return (uint8_t)read_le(table, at, 1);
}

static uint16_t u16(const void *table, size_t at)
{
    return (uint16_t)read_le(table, at, 2);
}

static uint32_t u32(const void *table, size_t at)
{
    return (uint32_t)read_le(table, at, 4);
}

static uint64_t u64(const void *table, size_t at)
{
    return read_le(table, at, 8);
}

bool acpi_checksum_ok(const void *data, size_t size)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + ((const uint8_t *)data)[i]);
    return sum == 0;
}

/* The table's own length, or 0 when header, length or checksum are wrong. */
static size_t table_size(const void *table, size_t size, uint32_t signature)
{
    if (size < HEADER_SIZE || u32(table, 0) != signature)
        return 0;
    size_t length = u32(table, 4);
    if (length < HEADER_SIZE || length > size)
        return 0;
    return acpi_checksum_ok(table, length) ? length : 0;
}

/* An APIC of which the firmware says that it is there (5.2.12.2). */
static void cpu_add(struct acpi_info *info, uint32_t id, uint32_t flags)
{
    if (!(flags & 1))
        return;
    for (unsigned i = 0; i < info->cpu_count; i++)
        if (info->cpus[i].apic_id == id)
            return; /* listed as local APIC and as x2APIC */
    if (info->cpu_count == ACPI_MAX_CPUS)
        info->cpus_left_out++;
    else
        info->cpus[info->cpu_count++].apic_id = id;
}

static void ioapic_add(struct acpi_info *info, const uint8_t *entry)
{
    if (info->ioapic_count == IOAPIC_MAX)
        return;
    info->ioapics[info->ioapic_count++] = (struct acpi_ioapic){
        .id = u8(entry, 2),
        .base = {u32(entry, 4)},
        .gsi_base = u32(entry, 8),
    };
}

/* Flags as in 5.2.12.5: 0 follows the bus, and ISA is high and edge. */
static void override_add(struct acpi_info *info, const uint8_t *entry)
{
    if (info->override_count == WIRES_MAX || u8(entry, 2) != 0)
        return;
    uint16_t flags = u16(entry, 8);
    info->overrides[info->override_count++] = (struct ioapic_wire){
        .irq = u8(entry, 3),
        .gsi = u32(entry, 4),
        .active_low = (flags & 3) == 3,
        .level = (flags >> 2 & 3) == 3,
    };
}

static bool madt_entry(struct acpi_info *info, const uint8_t *entry,
                       size_t size)
{
    static const uint8_t least[] = {
        [0] = 8, [1] = 12, [2] = 10, [5] = 12, [9] = 16};
    uint8_t type = entry[0];

    if (type < sizeof(least) && size < least[type])
        return false;
    switch (type) {
    case 0: /* processor local APIC */
        if (u8(entry, 3) != 0xff)
            cpu_add(info, u8(entry, 3), u32(entry, 4));
        break;
    case 1:
        ioapic_add(info, entry);
        break;
    case 2:
        override_add(info, entry);
        break;
    case 5: /* local APIC address, 64 bits */
        info->local_apic.v = u64(entry, 4);
        break;
    case 9: /* processor local x2APIC */
        if (u32(entry, 4) != 0xffffffff)
            cpu_add(info, u32(entry, 4), u32(entry, 8));
        break;
    default:
        break;
    }
    return true;
}

bool acpi_read_madt(const void *table, size_t size, struct acpi_info *info)
{
    size_t length = table_size(table, size, SIGNATURE('A', 'P', 'I', 'C'));
    size_t at = 44;

    if (length < at)
        return false;
    info->local_apic.v = u32(table, 36);
    while (length - at >= 2) {
        const uint8_t *entry = (const uint8_t *)table + at;
        size_t step = entry[1];

        if (step < 2 || step > length - at)
            return false;
        if (!madt_entry(info, entry, step))
            return false;
        at += step;
    }
    return true;
}

bool acpi_read_mcfg(const void *table, size_t size, struct acpi_info *info)
{
    size_t length = table_size(table, size, SIGNATURE('M', 'C', 'F', 'G'));

    if (length < 44)
        return false;
    for (size_t at = 44; length - at >= 16; at += 16) {
        struct acpi_segment segment = {
            .base = {u64(table, at)},
            .segment = u16(table, at + 8),
            .first_bus = u8(table, at + 10),
            .last_bus = u8(table, at + 11),
        };
        if (segment.first_bus > segment.last_bus ||
            segment.base.v % 0x100000 != 0 || segment.base.v == 0 ||
            segment.base.v >> 52 != 0)
            return false;
        if (info->segment_count < ACPI_MAX_SEGMENTS)
            info->segments[info->segment_count++] = segment;
    }
    return true;
}

/* A port from a 32-bit field; ports have 16 bits. */
static uint16_t fadt_port(const void *table, size_t at)
{
    uint32_t port = u32(table, at);

    return port > 0xffff ? 0 : (uint16_t)port;
}

bool acpi_read_fadt(const void *table, size_t size, struct acpi_info *info)
{
    size_t length = table_size(table, size, SIGNATURE('F', 'A', 'C', 'P'));

    if (length < 116) /* ACPI 1.0 */
        return false;
    info->pm1a_port = fadt_port(table, 64);
    info->pm1b_port = fadt_port(table, 68);
    info->pm_timer_port = fadt_port(table, 76);
    return true;
}

bool acpi_read_hpet(const void *table, size_t size, struct acpi_info *info)
{
    size_t length = table_size(table, size, SIGNATURE('H', 'P', 'E', 'T'));

    if (length < 56 || u8(table, 40) != 0) /* in memory space only */
        return false;
    info->hpet.v = u64(table, 44);
    return info->hpet.v != 0 && info->hpet.v % 8 == 0;
}

static bool read_dmar(const void *table, size_t size, struct acpi_info *info)
{
    size_t length = table_size(table, size, SIGNATURE('D', 'M', 'A', 'R'));

    if (length < 48)
        return false;
    info->dmar = table;
    info->dmar_size = length;
    return true;
}

static const struct reader {
    uint32_t signature;
    bool (*read)(const void *table, size_t size, struct acpi_info *info);
} readers[] = {
    {SIGNATURE('A', 'P', 'I', 'C'), acpi_read_madt},
    {SIGNATURE('M', 'C', 'F', 'G'), acpi_read_mcfg},
    {SIGNATURE('F', 'A', 'C', 'P'), acpi_read_fadt},
    {SIGNATURE('H', 'P', 'E', 'T'), acpi_read_hpet},
    {SIGNATURE('D', 'M', 'A', 'R'), read_dmar},
};

/* Reads one table; what a broken one left behind is taken back. */
static void read_table(uint64_t address, acpi_map_fn map,
                       struct acpi_info *info, uint32_t *broken)
{
    const void *header = map((paddr_t){address}, HEADER_SIZE);

    if (!header)
        return;
    uint32_t signature = u32(header, 0);
    size_t length = u32(header, 4);
    for (unsigned i = 0; i < sizeof(readers) / sizeof(*readers); i++) {
        if (readers[i].signature != signature)
            continue;
        struct acpi_info before = *info;
        const void *table = NULL;

        if (length >= HEADER_SIZE && length <= TABLE_MAX)
            table = map((paddr_t){address}, length);
        if (!table || !readers[i].read(table, length, info)) {
            *info = before;
            *broken = signature;
        }
    }
}

/* Finds the RSDT or XSDT that a root pointer names (5.2.5.3). */
static const char *find_root(const void *rsdp, size_t size, uint64_t *address,
                             uint32_t *signature)
{
    if (size < 20 || u64(rsdp, 0) != 0x2052545020445352ull) /* "RSD PTR " */
        return "ACPI: no root pointer";
    if (!acpi_checksum_ok(rsdp, 20))
        return "ACPI: root pointer has a wrong checksum";
    *address = u32(rsdp, 16);
    *signature = SIGNATURE('R', 'S', 'D', 'T');
    if (u8(rsdp, 15) >= 2 && size >= 36 && acpi_checksum_ok(rsdp, 36) &&
        u64(rsdp, 24) != 0) {
        *address = u64(rsdp, 24);
        *signature = SIGNATURE('X', 'S', 'D', 'T');
    }
    return NULL;
}

const char *acpi_read(const void *rsdp, size_t size, acpi_map_fn map,
                      struct acpi_info *info, uint32_t *broken)
{
    uint64_t address = 0;
    uint32_t signature = 0;

    *broken = 0;
    __builtin_memset(info, 0, sizeof(*info));
    const char *error = find_root(rsdp, size, &address, &signature);
    if (error)
        return error;

    const void *header = map((paddr_t){address}, HEADER_SIZE);
    if (!header)
        return "ACPI: root table is not in memory";
    size_t length = u32(header, 4);
    const void *root = NULL;
    if (length >= HEADER_SIZE && length <= TABLE_MAX)
        root = map((paddr_t){address}, length);
    if (!root || !table_size(root, length, signature))
        return "ACPI: root table is malformed";

    unsigned width = signature == SIGNATURE('X', 'S', 'D', 'T') ? 8 : 4;
    size_t at = HEADER_SIZE;
    for (unsigned n = 0; n < RSDT_ENTRIES && length - at >= width; n++) {
        read_table(read_le(root, at, width), map, info, broken);
        at += width;
    }
    return NULL;
}
