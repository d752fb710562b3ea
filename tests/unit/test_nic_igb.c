/*
 * The 82576's transmit descriptors, bit by bit against its data sheet (7.2.2).
 *
 * links: drivers/nic/igb/descriptor.c
 */
#include "tests/unit/nic_descriptors.h"

static void plain_data(void **state)
{
    uint64_t high = encode_plain();

    (void)state;
    assert_int_equal(bits(high, 15, 0), PLAIN_BYTES);  /* DTALEN */
    assert_int_equal(bits(high, 23, 20), 3);           /* DTYP */
    assert_int_equal(bits(high, 31, 24), 0x23);        /* EOP, IFCS, DEXT */
    assert_int_equal(bits(high, 45, 32), 0);           /* STA, IDX, CC, POPTS */
    assert_int_equal(bits(high, 63, 46), PLAIN_BYTES); /* PAYLEN */
}

static void checksum_context(void **state)
{
    struct packet_piece p = {.at = 64,
                             .bytes = 100,
                             .packet_bytes = 100,
                             .pieces = 1,
                             .l2_bytes = 14,
                             .l3_bytes = 20,
                             .flags = PACKET_SUM_IP | PACKET_SUM_TCP};
    struct transmit_context context = {0};
    struct intel_descriptor d[2];

    (void)state;
    assert_int_equal(transmit_encode(&p, &context, d), 2);
    assert_int_equal(bits(d[0].low, 8, 0), 20);   /* IPLEN */
    assert_int_equal(bits(d[0].low, 15, 9), 14);  /* MACLEN */
    assert_int_equal(bits(d[0].low, 63, 16), 0);  /* VLAN, seed */
    assert_int_equal(bits(d[0].high, 23, 20), 2); /* DTYP */
    assert_int_equal(bits(d[0].high, 29, 29), 1); /* DEXT */
    assert_int_equal(bits(d[0].high, 18, 9), 6);  /* TUCMD: IPv4, TCP */
    assert_int_equal(bits(d[0].high, 63, 32), 0); /* IDX, L4LEN, MSS */
    assert_int_equal(bits(d[1].high, 45, 40), 3); /* POPTS */
    assert_int_equal(transmit_encode(&p, &context, d), 1);
    p.flags = PACKET_SUM_UDP | PACKET_IPV6;
    assert_int_equal(transmit_encode(&p, &context, d), 2);
    assert_int_equal(bits(d[0].high, 18, 9), 0);
    assert_int_equal(bits(d[1].high, 45, 40), 2);
}

static void segmentation(void **state)
{
    struct packet_piece p[2] = {
        {.at = 64,
         .bytes = 74,
         .packet_bytes = 20074,
         .pieces = 2,
         .l2_bytes = 14,
         .l3_bytes = 40,
         .l4_bytes = 20,
         .mss = 1400,
         .flags = PACKET_MORE | PACKET_SEGMENT | PACKET_IPV6 | PACKET_SUM_TCP},
        {.at = 4096, .bytes = 20000},
    };
    struct transmit_context context = {0};
    struct intel_descriptor d[3];

    (void)state;
    assert_int_equal(transmit_encode(p, &context, d), 3);
    assert_int_equal(bits(d[0].high, 47, 40), 20);    /* L4LEN */
    assert_int_equal(bits(d[0].high, 63, 48), 1400);  /* MSS */
    assert_int_equal(bits(d[1].high, 31, 24), 0xa2);  /* TSE, DEXT, IFCS */
    assert_int_equal(bits(d[1].high, 63, 46), 20000); /* PAYLEN, no headers */
    assert_int_equal(bits(d[2].high, 31, 24), 0xa3);  /* and EOP */
    assert_int_equal(bits(d[2].high, 15, 0), 20000);
    /* The hardware keeps the context. */
    assert_int_equal(transmit_encode(p, &context, d), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_data),
        cmocka_unit_test(checksum_context),
        cmocka_unit_test(segmentation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
