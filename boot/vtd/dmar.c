/*
 * Reads the DMAR table: remapping units with their device scopes, and reserved
 * memory. Structures of other types are passed over by their length; ATSR
 * among them, since device TLBs are never enabled.
 */
#include "boot/vtd/dmar.h"

/* clang-format off */
/* VT-d 4.1, 8.1. */
#define TABLE_LENGTH         4
#define TABLE_FLAGS          37
#define   FLAG_INTERRUPTS    0x01
#define TABLE_HEADER         48

/* VT-d 4.1, 8.2: each structure starts with its type and length. */
#define STRUCTURE_HEADER     4
#define TYPE_DRHD            0
#define TYPE_RMRR            1

/* VT-d 4.1, 8.3. */
#define DRHD_FLAGS           4
#define   DRHD_INCLUDE_ALL   0x01
#define DRHD_SIZE            5 /* bits 3:0: 2^n pages of registers */
#define DRHD_SEGMENT         6
#define DRHD_BASE            8
#define DRHD_HEADER          16

/* VT-d 4.1, 8.4. */
#define RMRR_BASE            8
#define RMRR_LIMIT           16
#define RMRR_HEADER          24

/* VT-d 4.1, 8.3.1. */
#define SCOPE_TYPE           0
#define SCOPE_LENGTH         1
#define SCOPE_ID             4
#define SCOPE_BUS            5
#define SCOPE_HEADER         6
/* clang-format on */

/* The fields are not aligned: bytes, least significant first. */
static uint64_t field(const uint8_t *p, unsigned bytes)
{
    uint64_t value = 0;

    while (bytes-- > 0)
        value = value << 8 | p[bytes];
    return value;
}

static uint8_t checksum(const uint8_t *p, size_t size)
{
    uint8_t sum = 0;

    while (size-- > 0)
        sum = (uint8_t)(sum + *p++);
    return sum;
}

static const char *scope_read(const uint8_t *p, size_t size, struct dmar *d)
{
    struct dmar_scope *s = &d->scopes[d->scope_count];
    size_t steps = (size - SCOPE_HEADER) / 2;

    if (d->scope_count == DMAR_MAX_SCOPES)
        return "DMAR names more device scopes than Cordon has room for";
    if (steps == 0 || steps > DMAR_MAX_PATH || size % 2 != 0)
        return "a DMAR device scope has a path of impossible length";
    *s = (struct dmar_scope){
        .unit = (uint8_t)(d->unit_count - 1),
        .type = p[SCOPE_TYPE],
        .id = p[SCOPE_ID],
        .bus = p[SCOPE_BUS],
        .steps = (uint8_t)steps,
    };
    for (size_t i = 0; i < steps; i++) {
        const uint8_t *step = p + SCOPE_HEADER + 2 * i;
        if (step[0] > 31 || step[1] > 7)
            return "a DMAR device scope names an impossible device";
        s->path[i] = (uint8_t)(step[0] << 3 | step[1]);
    }
    d->scope_count++;
    return NULL;
}

static const char *scopes_read(const uint8_t *p, size_t size, struct dmar *d)
{
    while (size > 0) {
        if (size < SCOPE_HEADER || p[SCOPE_LENGTH] < SCOPE_HEADER ||
            p[SCOPE_LENGTH] > size)
            return "a DMAR device scope is longer than its structure";
        size_t length = p[SCOPE_LENGTH];
        const char *wrong = scope_read(p, length, d);
        if (wrong != NULL)
            return wrong;
        p += length;
        size -= length;
    }
    return NULL;
}

static const char *unit_read(const uint8_t *p, size_t size, struct dmar *d)
{
    struct dmar_unit *u = &d->units[d->unit_count];

    if (size < DRHD_HEADER)
        return "a DMAR hardware unit is cut short";
    if (d->unit_count == DMAR_MAX_UNITS)
        return "DMAR names more units than Cordon has room for";
    *u = (struct dmar_unit){
        .registers = {field(p + DRHD_BASE, 8)},
        .size = (uint32_t)PAGE_SIZE << (p[DRHD_SIZE] & 0xf),
        .segment = (uint16_t)field(p + DRHD_SEGMENT, 2),
        .include_all = (p[DRHD_FLAGS] & DRHD_INCLUDE_ALL) != 0,
    };
    if (u->registers.v == 0 || u->registers.v % PAGE_SIZE != 0 ||
        u->registers.v >> 46 != 0)
        return "a DMAR hardware unit has an impossible register address";
    for (unsigned i = 0; i < d->unit_count; i++)
        if (d->units[i].registers.v == u->registers.v)
            return "DMAR names a hardware unit twice";
    d->unit_count++;
    return scopes_read(p + DRHD_HEADER, size - DRHD_HEADER, d);
}

static const char *reserved_read(const uint8_t *p, size_t size, struct dmar *d)
{
    if (size < RMRR_HEADER)
        return "a DMAR reserved region is cut short";
    if (d->reserved_count == DMAR_MAX_RESERVED)
        return "DMAR reserves more regions than Cordon has room for";
    struct dmar_reserved *r = &d->reserved[d->reserved_count++];
    r->base = field(p + RMRR_BASE, 8);
    r->limit = field(p + RMRR_LIMIT, 8);
    if (r->limit < r->base)
        return "a DMAR reserved region ends before it starts";
    return NULL;
}

static const char *structures_read(const uint8_t *p, size_t size,
                                   struct dmar *d)
{
    while (size > 0) {
        const char *wrong = NULL;
        if (size < STRUCTURE_HEADER)
            return "DMAR ends within a structure";
        unsigned type = (unsigned)field(p, 2);
        size_t length = field(p + 2, 2);
        if (length < STRUCTURE_HEADER || length > size)
            return "a DMAR structure is longer than the table";
        if (type == TYPE_DRHD)
            wrong = unit_read(p, length, d);
        else if (type == TYPE_RMRR)
            wrong = reserved_read(p, length, d);
        if (wrong != NULL)
            return wrong;
        p += length;
        size -= length;
    }
    return d->unit_count > 0 ? NULL : "DMAR names no hardware unit";
}

const char *dmar_read(const void *table, size_t size, struct dmar *d)
{
    const uint8_t *p = table;

    d->unit_count = d->scope_count = d->reserved_count = 0;
    if (size < TABLE_HEADER || p[0] != 'D' || p[1] != 'M' || p[2] != 'A' ||
        p[3] != 'R')
        return "the DMAR table is cut short";
    size_t length = field(p + TABLE_LENGTH, 4);
    if (length < TABLE_HEADER || length > size)
        return "the DMAR table is longer than its memory";
    if (checksum(p, length) != 0)
        return "the DMAR table's checksum is wrong";
    d->interrupts = (p[TABLE_FLAGS] & FLAG_INTERRUPTS) != 0;
    return structures_read(p + TABLE_HEADER, length - TABLE_HEADER, d);
}
