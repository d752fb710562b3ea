/*
 * One secret key and SipHash-2-4 (Aumasson, Bernstein: "SipHash: a fast
 * short-input PRF", 2012): of a counter for random numbers, of a connection's
 * addresses for its first sequence number (RFC 6528, 3).
 */
#include "servers/net/random.h"

#include "servers/net/stack.h"

#include <cordon/clock.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "servers/net/hooks.h"

static uint64_t key[2], counter;

static inline uint64_t rotate(uint64_t v, unsigned bits)
{
    return v << bits | v >> (64 - bits);
}

static void sip_rounds(uint64_t v[4], unsigned rounds)
{
    while (rounds-- > 0) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
    }
}

/* Of whole words: the message's length is always a multiple of 8. */
static uint64_t sip_hash(const uint64_t *words, unsigned count)
{
    uint64_t v[4] = {key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
                     key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573};

    for (unsigned i = 0; i <= count; i++) {
        uint64_t m = i < count ? words[i] : (uint64_t)count * 8 << 56;

        v[3] ^= m;
        sip_rounds(v, 2);
        v[0] ^= m;
    }
    v[2] ^= 0xff;
    sip_rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void random_start(void)
{
    if (getentropy(key, sizeof(key)) == 0)
        return;
    printf("net: this CPU has no random numbers (RDRAND): sequence numbers and "
           "ports can be guessed\n");
    key[0] = clock_wall();
    key[1] = clock_now();
}

uint32_t random_word(void)
{
    counter++;
    return (uint32_t)sip_hash(&counter, 1);
}

uint32_t random_sequence(const ip_addr_t *own, uint16_t own_port,
                         const ip_addr_t *peer, uint16_t peer_port)
{
    uint64_t words[5] = {(uint64_t)own_port << 16 | peer_port};

    if (IP_IS_V6(peer)) {
        memcpy(words + 1, ip_2_ip6(own)->addr, 16);
        memcpy(words + 3, ip_2_ip6(peer)->addr, 16);
    } else {
        words[1] = ip_2_ip4(own)->addr;
        words[2] = ip_2_ip4(peer)->addr;
    }
    /* M of RFC 6528: a clock that ticks every 4 us. */
    return (uint32_t)sip_hash(words, 5) + (uint32_t)(clock_now() / 4000);
}
