/*
 * The 82574's descriptors and rings, bit by bit against its data sheet (7.1.5,
 * 7.2.10, 7.2.11).
 *
 * links: drivers/nic/e1000e/descriptor.c drivers/nic/intel/queue.c
 */
#include <stdlib.h>
#include <string.h>

#include "drivers/nic/intel/queue.h"
#include "tests/unit/nic_descriptors.h"

static void plain_data(void **state)
{
    uint64_t high = encode_plain();

    (void)state;
    assert_int_equal(bits(high, 19, 0), PLAIN_BYTES); /* DTALEN */
    assert_int_equal(bits(high, 23, 20), 1);          /* DTYP */
    assert_int_equal(bits(high, 31, 24), 0x23); /* DCMD: EOP, IFCS, DEXT */
    assert_int_equal(bits(high, 63, 32), 0);    /* STA, POPTS, VLAN */
}

static void checksum_context(void **state)
{
    struct packet_piece p = {.at = 64,
                             .bytes = 100,
                             .packet_bytes = 100,
                             .pieces = 1,
                             .l2_bytes = 14,
                             .l3_bytes = 20,
                             .flags = PACKET_SUM_IP | PACKET_SUM_UDP};
    struct transmit_context context = {0};
    struct intel_descriptor d[2];

    (void)state;
    assert_int_equal(transmit_encode(&p, &context, d), 2);
    assert_int_equal(bits(d[0].low, 7, 0), 14);      /* IPCSS */
    assert_int_equal(bits(d[0].low, 15, 8), 24);     /* IPCSO */
    assert_int_equal(bits(d[0].low, 31, 16), 33);    /* IPCSE: the last byte */
    assert_int_equal(bits(d[0].low, 39, 32), 34);    /* TUCSS */
    assert_int_equal(bits(d[0].low, 47, 40), 40);    /* TUCSO */
    assert_int_equal(bits(d[0].low, 63, 48), 0);     /* TUCSE: to the end */
    assert_int_equal(bits(d[0].high, 23, 20), 0);    /* DTYP */
    assert_int_equal(bits(d[0].high, 31, 24), 0x22); /* TUCMD: IP, DEXT */
    assert_int_equal(bits(d[1].high, 47, 40), 3);    /* POPTS: IXSM, TXSM */
    assert_int_equal(bits(d[1].high, 31, 24), 0x23);
    /* The same again needs no context; another protocol does. */
    assert_int_equal(transmit_encode(&p, &context, d), 1);
    p.flags = PACKET_SUM_TCP | PACKET_IPV6;
    p.l3_bytes = 40;
    assert_int_equal(transmit_encode(&p, &context, d), 2);
    assert_int_equal(bits(d[0].low, 39, 32), 54);
    assert_int_equal(bits(d[0].low, 47, 40), 70);
    assert_int_equal(bits(d[0].high, 31, 24), 0x21); /* TCP, DEXT, not IPv4 */
    assert_int_equal(bits(d[1].high, 47, 40), 2);
}

static void segmentation(void **state)
{
    struct packet_piece p[3] = {
        {.at = 64,
         .bytes = 54,
         .packet_bytes = 20054,
         .pieces = 3,
         .l2_bytes = 14,
         .l3_bytes = 20,
         .l4_bytes = 20,
         .mss = 1400,
         .flags =
             PACKET_MORE | PACKET_SEGMENT | PACKET_SUM_IP | PACKET_SUM_TCP},
        {.at = 4096, .bytes = 10000, .flags = PACKET_MORE},
        {.at = 65536, .bytes = 10000},
    };
    struct transmit_context context = {0};
    struct intel_descriptor d[4];

    (void)state;
    for (unsigned round = 0; round < 2; round++) {
        /* Each needs a context: the hardware uses it up. */
        assert_int_equal(transmit_encode(p, &context, d), 4);
        assert_int_equal(bits(d[0].high, 19, 0), 20000); /* PAYLEN */
        assert_int_equal(bits(d[0].high, 31, 24),
                         0x27);                        /* TCP, IP, TSE, DEXT */
        assert_int_equal(bits(d[0].high, 47, 40), 54); /* HDRLEN */
        assert_int_equal(bits(d[0].high, 63, 48), 1400); /* MSS */
        assert_int_equal(bits(d[1].high, 31, 24), 0x26); /* IFCS, TSE, DEXT */
        assert_int_equal(bits(d[1].high, 47, 40), 3);
        assert_int_equal(bits(d[2].high, 31, 24), 0x26);
        assert_int_equal(bits(d[3].high, 31, 24), 0x27); /* and EOP */
        assert_int_equal(d[3].low, 65536);
    }
}

static void received_verdicts(void **state)
{
    struct packet_shared_arrival a;
    const uint64_t good = RX_DONE | RX_END | 60ull << 32;

    (void)state;
    assert_int_equal(receive_decode(0, good, &a), RECEIVE_GOOD);
    assert_int_equal(a.bytes, 60);
    assert_int_equal(a.flags, 0);
    assert_int_equal(
        receive_decode(0, good | RX_IP_CHECKED | RX_L4_CHECKED, &a), 0);
    assert_int_equal(a.flags, PACKET_IP_GOOD | PACKET_L4_GOOD);
    receive_decode(0, good | RX_IP_CHECKED | RX_IP_ERROR, &a);
    assert_int_equal(a.flags, PACKET_IP_BAD);
    receive_decode(0, good | RX_UDP_CHECKED | RX_L4_ERROR, &a);
    assert_int_equal(a.flags, PACKET_L4_BAD);
    receive_decode(0, good | RX_IP_CHECKED | RX_L4_CHECKED | RX_IGNORE_SUMS,
                   &a);
    assert_int_equal(a.flags, 0);
    receive_decode(0xabcd1234ull << 32 | 2, good, &a);
    assert_int_equal(a.flags, PACKET_HASHED);
    assert_int_equal(a.hash, 0xabcd1234);
    assert_int_equal(receive_decode(0, good | RX_DAMAGED, &a), RECEIVE_DAMAGED);
    assert_int_equal(a.flags, PACKET_NOTHING);
    assert_int_equal(receive_decode(0, good & ~RX_END, &a), RECEIVE_DAMAGED);
    for (uint32_t bytes = 0; bytes < 65536; bytes++) {
        enum receive_verdict v =
            receive_decode(0, RX_DONE | RX_END | (uint64_t)bytes << 32, &a);

        assert_int_equal(v, bytes >= 14 && bytes <= 2048 ? RECEIVE_GOOD
                                                         : RECEIVE_LIE);
        assert_int_equal(a.bytes, v == RECEIVE_GOOD ? bytes : 0);
    }
}

static uint8_t registers[0x4000];

static uint32_t tail(uint32_t base)
{
    return mmio_read32(registers, base + 0x18);
}

/* Rings wrap, batches end whole, one doorbell each. */
static void rings_go_round(void **state)
{
    static struct intel_queue q;
    struct packet_piece pieces[32];
    struct packet_shared_arrival arrivals[32];
    uint64_t at[32];
    void *memory = aligned_alloc(64, QUEUE_DMA_BYTES);
    struct intel_descriptor *receive = memory;
    struct intel_descriptor *transmit = receive + RECEIVE_DESCRIPTORS;

    (void)state;
    queue_place(&q, memory, (iova_t){0x10000});
    queue_reset(&q, registers, 0x2800, 0x3800);
    for (uint32_t i = 0; i < 32; i++)
        pieces[i] = (struct packet_piece){
            .at = i, .bytes = 60, .packet_bytes = 60, .pieces = 1};
    for (uint32_t round = 0; round < 200; round++) {
        uint32_t first = round * 32;

        for (uint32_t i = 0; i < 32; i++)
            at[i] = first + i;
        queue_post(&q, at, 32);
        assert_int_equal(tail(0x2800), (first + 32) % RECEIVE_DESCRIPTORS);
        assert_int_equal(queue_received(&q, arrivals, 32), 0);
        for (uint32_t i = 0; i < 32; i++) {
            struct intel_descriptor *d =
                &receive[(first + i) % RECEIVE_DESCRIPTORS];

            assert_int_equal(d->low, first + i);
            d->low = 0;
            d->high = RX_DONE | RX_END | (uint64_t)(100 + i) << 32;
        }
        assert_int_equal(queue_received(&q, arrivals, 20), 20);
        assert_int_equal(arrivals[19].bytes, 119);
        assert_int_equal(queue_received(&q, arrivals, 32), 12);
        assert_int_equal(queue_received(&q, arrivals, 32), 0);

        queue_send(&q, pieces, 32);
        assert_int_equal(tail(0x3800), (first + 32) % TRANSMIT_DESCRIPTORS);
        assert_int_equal(queue_sent(&q), 0);
        /* RS in the last one alone: only that is written back. */
        assert_int_equal(
            bits(transmit[(first + 30) % TRANSMIT_DESCRIPTORS].high, 27, 27),
            0);
        assert_int_equal(
            bits(transmit[(first + 31) % TRANSMIT_DESCRIPTORS].high, 27, 27),
            1);
        transmit[(first + 31) % TRANSMIT_DESCRIPTORS].high |= TX_DONE;
        assert_int_equal(queue_sent(&q), 32);
        assert_int_equal(queue_sent(&q), 0);
    }
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_data),     cmocka_unit_test(checksum_context),
        cmocka_unit_test(segmentation),   cmocka_unit_test(received_verdicts),
        cmocka_unit_test(rings_go_round),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
