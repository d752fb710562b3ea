/*
 * NVMe commands and PRP lists, field by field against NVM Express 1.4.
 *
 * links: drivers/nvme/command.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "drivers/nvme/command.h"

/* Dword n of an entry, as NVMe 4.2 numbers them. */
static uint32_t dword(const struct nvme_command *command, unsigned n)
{
    uint32_t value;

    memcpy(&value, (const uint8_t *)command + 4 * n, 4);
    return value;
}

static void transfer_fields(void **state)
{
    struct nvme_command c;

    (void)state;
    memset(&c, 0xa5, sizeof(c));
    command_transfer(&c, NVM_READ, 7, 0x123456789aull, 65536);
    assert_int_equal(dword(&c, 0), 0x02); /* opcode; no fuse, PRPs, CID 0 */
    assert_int_equal(dword(&c, 1), 7);    /* NSID */
    for (unsigned i = 2; i < 10; i++)
        assert_int_equal(dword(&c, i), 0);
    assert_int_equal(dword(&c, 10), 0x3456789a); /* SLBA low */
    assert_int_equal(dword(&c, 11), 0x12);       /* SLBA high */
    assert_int_equal(dword(&c, 12), 0xffff);     /* NLB, 0's based */
    assert_int_equal(dword(&c, 13), 0);
    command_transfer(&c, NVM_WRITE, 1, 0, 1);
    assert_int_equal(dword(&c, 0), 0x01);
    assert_int_equal(dword(&c, 12), 0); /* no FUA, no protection */
    command_flush(&c, 3);
    assert_int_equal(dword(&c, 0), 0x00);
    assert_int_equal(dword(&c, 1), 3);
}

static void admin_fields(void **state)
{
    struct nvme_command c;

    (void)state;
    command_identify(&c, CNS_NAMESPACE_LIST, 9, (iova_t){0x123456000});
    assert_int_equal(dword(&c, 0), 0x06);
    assert_int_equal(dword(&c, 1), 9);
    assert_int_equal(dword(&c, 6), 0x23456000); /* PRP1 */
    assert_int_equal(dword(&c, 7), 0x1);
    assert_int_equal(dword(&c, 10), 2); /* CNS */
    command_set_queues(&c, 4);
    assert_int_equal(dword(&c, 0), 0x09);
    assert_int_equal(dword(&c, 10), 7);          /* FID */
    assert_int_equal(dword(&c, 11), 0x00030003); /* NCQR, NSQR */
    command_create_cq(&c, 2, 64, (iova_t){0x7000}, 5);
    assert_int_equal(dword(&c, 0), 0x05);
    assert_int_equal(dword(&c, 6), 0x7000);
    assert_int_equal(dword(&c, 10), 0x003f0002); /* QSIZE, QID */
    assert_int_equal(dword(&c, 11), 0x00050003); /* IV, IEN, PC */
    command_create_sq(&c, 3, 32, (iova_t){0x9000}, 2);
    assert_int_equal(dword(&c, 0), 0x01);
    assert_int_equal(dword(&c, 10), 0x001f0003); /* QSIZE, QID */
    assert_int_equal(dword(&c, 11), 0x00020001); /* CQID, urgent, PC */
    command_abort(&c, 6, 0x1234);
    assert_int_equal(dword(&c, 0), 0x08);
    assert_int_equal(dword(&c, 10), 0x12340006); /* CID, SQID */
}

static void completion_layout(void **state)
{
    (void)state;
    assert_int_equal(offsetof(struct nvme_completion, sq_head), 8);
    assert_int_equal(offsetof(struct nvme_completion, sq_id), 10);
    assert_int_equal(offsetof(struct nvme_completion, id), 12);
    assert_int_equal(offsetof(struct nvme_completion, status), 14);
    /* DW3: P 16, SC 24:17, SCT 27:25, DNR 31 */
    assert_int_equal(STATUS_SC(0x8d02 | 0x100), 0x81);
    assert_int_equal(STATUS_SCT(0x8402), 2);
    assert_int_equal(STATUS_DNR, 1u << 15);
}

/* Every shape: start in the page, length around page multiples. */
static void prp_shapes(void **state)
{
    static const uint32_t starts[] = {0, 4, 512, 4092};
    uint64_t list[PRP_LIST_ENTRIES + 1];
    const uint64_t base = 0x40000000, guard = 0x5a5a5a5a5a5a5a5a;

    (void)state;
    for (unsigned s = 0; s < 4; s++)
        for (uint32_t bytes = 512; bytes <= NVME_PAGE * PRP_LIST_ENTRIES;
             bytes += 512) {
            struct nvme_command c = {0};
            struct nvme_data data = {{base + starts[s]}, bytes};
            uint32_t pages =
                (uint32_t)((base + starts[s] + bytes - 1) / NVME_PAGE -
                           base / NVME_PAGE + 1);

            for (unsigned i = 0; i <= PRP_LIST_ENTRIES; i++)
                list[i] = guard;
            prp_build(&c, data, list, (iova_t){0x777000});
            assert_int_equal(prp_pages(data), pages);
            assert_int_equal(c.prp1, base + starts[s]);
            if (pages == 1)
                assert_int_equal(c.prp2, 0);
            else if (pages == 2)
                assert_int_equal(c.prp2, base + NVME_PAGE);
            else
                assert_int_equal(c.prp2, 0x777000);
            for (uint32_t i = 0; i <= PRP_LIST_ENTRIES; i++)
                assert_int_equal(list[i], pages > 2 && i < pages - 1
                                              ? base + (i + 1) * NVME_PAGE
                                              : guard);
        }
    assert_int_equal(prp_pages((struct nvme_data){{base}, 4}), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transfer_fields),
        cmocka_unit_test(admin_fields),
        cmocka_unit_test(completion_layout),
        cmocka_unit_test(prp_shapes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
