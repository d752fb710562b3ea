/*
 * Builds ACPI tables byte by byte, independently of the readers: fields are
 * put where the specification (6.5, 5.2) says, and checksums made right.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline void put(uint8_t *table, size_t at, uint64_t value, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        table[at + i] = (uint8_t)(value >> (8 * i));
}

static inline void seal(uint8_t *bytes, size_t size, size_t checksum_at)
{
    uint8_t sum = 0;

    bytes[checksum_at] = 0;
    for (size_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + bytes[i]);
    bytes[checksum_at] = (uint8_t)-sum;
}

/* Header with signature and length; returns the length. */
static inline size_t finish(uint8_t *table, const char *signature, size_t size)
{
    memcpy(table, signature, 4);
    put(table, 4, size, 4);
    seal(table, size, 9);
    return size;
}

/* Two CPUs (one of them twice), a disabled and a broadcast one, an I/O APIC,
 * two overrides, a 64-bit local APIC address. */
static inline size_t build_madt(uint8_t *t)
{
    static const uint8_t entries[] = {
        0, 8,  0,    0,    1,    0, 0,    0, /* APIC ID 0, enabled */
        0, 8,  1,    7,    1,    0, 0,    0, /* APIC ID 7, enabled */
        0, 8,  2,    9,    0,    0, 0,    0, /* disabled */
        0, 8,  3,    0xff, 1,    0, 0,    0, /* broadcast: no CPU */
        9, 16, 0,    0,    7,    0, 0,    0,    1,    0, 0, 0, 1,
        0, 0,  0, /* 7 again */
        9, 16, 0,    0,    0x2c, 1, 0,    0,    1,    0, 0, 0, 4,
        0, 0,  0,                                              /* 300 */
        1, 12, 3,    0,    0,    0, 0xc0, 0xfe, 24,   0, 0, 0, /* fec00000, GSI
                                                                  24 */
        2, 10, 0,    0,    2,    0, 0,    0,    0,    0, /* IRQ 0 is GSI 2 */
        2, 10, 0,    9,    9,    0, 0,    0,    0x0f, 0, /* IRQ 9: low, level */
        2, 10, 0,    5,    5,    0, 0,    0,    0x0d, 0, /* IRQ 5: high, level
                                                          */
        4, 6,  0xff, 0,    0,    1, /* local NMI: not needed */
        5, 12, 0,    0,    0,    0, 0xe0, 0xfe, 1,    0, 0, 0, /* 1fee00000 */
    };

    memset(t, 0, 44);
    put(t, 36, 0xfee00000, 4);
    put(t, 40, 1, 4);
    memcpy(t + 44, entries, sizeof(entries));
    return finish(t, "APIC", 44 + sizeof(entries));
}

static inline size_t build_mcfg(uint8_t *t)
{
    memset(t, 0, 76);
    put(t, 44, 0xb0000000, 8);
    put(t, 54, 0, 1);
    put(t, 55, 0xff, 1);
    put(t, 60, 0x4000000000, 8);
    put(t, 68, 1, 2);
    put(t, 70, 0x10, 1);
    put(t, 71, 0x1f, 1);
    return finish(t, "MCFG", 76);
}

static inline size_t build_fadt(uint8_t *t)
{
    memset(t, 0, 244);
    put(t, 46, 9, 2);
    put(t, 64, 0x604, 4);
    put(t, 68, 0x12345, 4); /* no port */
    put(t, 76, 0x608, 4);
    return finish(t, "FACP", 244);
}

static inline size_t build_hpet(uint8_t *t)
{
    memset(t, 0, 56);
    put(t, 44, 0xfed00000, 8);
    return finish(t, "HPET", 56);
}

static inline size_t build_dmar(uint8_t *t)
{
    memset(t, 0, 64);
    put(t, 36, 38, 1);
    return finish(t, "DMAR", 64);
}

/* A root pointer; `xsdt` 0 makes one of ACPI 1.0. */
static inline size_t build_rsdp(uint8_t *t, uint32_t rsdt, uint64_t xsdt)
{
    memset(t, 0, 36);
    memcpy(t, "RSD PTR ", 8);
    t[15] = xsdt ? 2 : 0;
    put(t, 16, rsdt, 4);
    seal(t, 20, 8);
    put(t, 20, 36, 4);
    put(t, 24, xsdt, 8);
    seal(t, 36, 32);
    return xsdt ? 36 : 20;
}

static inline size_t build_root(uint8_t *t, const char *signature,
                                unsigned width, const uint64_t *entries,
                                size_t count)
{
    memset(t, 0, 36);
    for (size_t i = 0; i < count; i++)
        put(t, 36 + i * width, entries[i], width);
    return finish(t, signature, 36 + count * width);
}
