/*
 * Address types. Each kind of address is a type of its own, so that the
 * compiler refuses to pass one where another is meant.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint64_t v;
} paddr_t; /* physical address, bytes */

typedef struct {
    uint64_t v;
} iova_t; /* address that a device sends, translated by a Domain */

typedef struct {
    uint64_t v;
} gpa_t; /* guest-physical address */

/* A slot number in the caller's CapTable; 0 is never valid. */
typedef uint64_t cap_t;

#define PAGE_BITS    12
#define PAGE_SIZE    (1ul << PAGE_BITS)
#define PAGE_2M_BITS 21
#define PAGE_1G_BITS 30
