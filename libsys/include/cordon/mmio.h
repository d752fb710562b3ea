/*
 * Registers of a device. Each access is one instruction of exactly that width,
 * in program order: x86 keeps uncached accesses in order, and the compiler is
 * kept from moving other memory accesses across (a descriptor is written
 * before the doorbell rings). `base` is what driver_map_window returned,
 * `offset` in bytes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef volatile uint8_t *mmio_t;

#define MMIO_ACCESS(bits)                                                      \
    static inline uint##bits##_t mmio_read##bits(mmio_t base, size_t offset)   \
    {                                                                          \
        uint##bits##_t value =                                                 \
            *(const volatile uint##bits##_t *)(const volatile void *)(base +   \
                                                                      offset); \
                                                                               \
        __asm__ volatile("" ::: "memory");                                     \
        return value;                                                          \
    }                                                                          \
    static inline void mmio_write##bits(mmio_t base, size_t offset,            \
                                        uint##bits##_t value)                  \
    {                                                                          \
        __asm__ volatile("" ::: "memory");                                     \
        *(volatile uint##bits##_t *)(volatile void *)(base + offset) = value;  \
        __asm__ volatile("" ::: "memory");                                     \
    }

MMIO_ACCESS(8)
MMIO_ACCESS(16)
MMIO_ACCESS(32)
MMIO_ACCESS(64)
#undef MMIO_ACCESS
