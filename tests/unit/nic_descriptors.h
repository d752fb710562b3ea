/*
 * What the tests of both Intel cards' descriptors share: fields by the bit
 * numbers of the data sheets, and the packet that needs no context.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "drivers/nic/intel/descriptor.h"

#define PLAIN_AT    0x123456789aull
#define PLAIN_BYTES 1514u

static inline uint64_t bits(uint64_t word, unsigned high, unsigned low)
{
    return word >> low & ((2ull << (high - low)) - 1);
}

/* A whole packet in one piece: one descriptor, which is what the driver's
 * quick path makes of the two constants. */
static inline uint64_t encode_plain(void)
{
    struct packet_piece p = {.at = PLAIN_AT,
                             .bytes = PLAIN_BYTES,
                             .packet_bytes = PLAIN_BYTES,
                             .pieces = 1};
    struct transmit_context context = {0};
    struct intel_descriptor d[2];

    assert_int_equal(transmit_encode(&p, &context, d), 1);
    assert_int_equal(d[0].low, PLAIN_AT);
    assert_int_equal(transmit_plain + PLAIN_BYTES * transmit_plain_byte,
                     d[0].high);
    return d[0].high;
}
