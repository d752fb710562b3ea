/*
 * SHA-256 (FIPS 180-4), for `sha256sum`. Uses the processor's SHA instructions
 * where it has them, which is five times as fast in the emulator.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES       32u
#define SHA256_BLOCK_BYTES 64u
#define SHA256_TEXT_BYTES  (2 * SHA256_BYTES + 1) /* in hexadecimal, and NUL */

struct sha256;

/* Put `blocks` blocks of 64 bytes into the state. */
typedef void sha256_compress(uint32_t state[8], const uint8_t *data,
                             size_t blocks);

struct sha256 {
    uint32_t state[8];
    uint64_t bytes; /* so far */
    uint8_t block[SHA256_BLOCK_BYTES];
    sha256_compress *compress;
};

void sha256_start(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t bytes);
void sha256_end(struct sha256 *s, uint8_t digest[SHA256_BYTES]);

/* A digest as text. */
void sha256_text(const uint8_t digest[SHA256_BYTES],
                 char text[SHA256_TEXT_BYTES]);

/* The ways to compress. sha256_start() takes the second if there is one. */
sha256_compress sha256_compress_plain;
sha256_compress sha256_compress_instructions;

/* 1 if the processor has the SHA instructions and what they need. */
int sha256_has_instructions(void);

/* FIPS 180-4, 4.2.2. */
extern const uint32_t sha256_constants[64];
