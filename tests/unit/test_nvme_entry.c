/*
 * Requests of hostile clients: every bound, from both sides.
 *
 * links: drivers/nvme/entry.c
 * flags: -Wno-override-init
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "drivers/nvme/entry.h"

static const struct nvme_namespace disks[2] = {
    {.nsid = 1, .block_bits = 9, .blocks = 1000},
    {.nsid = 4, .block_bits = 12, .blocks = UINT64_MAX >> 12},
};
static struct entry_bounds bounds = {
    disks,
    2,
    false,
    {
        [0] = {.bytes = 65536, .iova = {0x10000}, .device_writes = true},
        [1] = {.bytes = 4096, .iova = {0x50000}, .device_writes = false},
        [15] = {.bytes = 4096, .iova = {0x70000}, .device_writes = true},
    },
};

static enum block_status check(struct block_entry entry)
{
    struct nvme_request r;

    memset(&r, 0x77, sizeof(r));
    return entry_check(&entry, &bounds, &r);
}

static void takes_what_is_right(void **state)
{
    struct block_entry e = {.tag = 42,
                            .lba = 990,
                            .blocks = 10,
                            .buffer = 15,
                            .operation = BLOCK_WRITE,
                            .disk = 0,
                            .offset = 0};
    struct nvme_request r = {0};

    (void)state;
    e.blocks = 8;
    assert_int_equal(entry_check(&e, &bounds, &r), BLOCK_OK);
    assert_int_equal(r.tag, 42);
    assert_ptr_equal(r.ns, &disks[0]);
    assert_int_equal(r.opcode, NVM_WRITE);
    assert_int_equal(r.lba, 990);
    assert_int_equal(r.blocks, 8);
    assert_int_equal(r.data.v, 0x70000);
    e.operation = BLOCK_FLUSH;
    e.buffer = 999; /* a flush has no buffer */
    assert_int_equal(entry_check(&e, &bounds, &r), BLOCK_OK);
    assert_int_equal(r.opcode, NVM_FLUSH);
    assert_int_equal(r.buffer, BLOCK_MAX_BUFFERS);
}

#define ENTRY(...)                                                             \
    ((struct block_entry){.blocks = 1, .operation = BLOCK_READ, __VA_ARGS__})

static void refuses_operations(void **state)
{
    (void)state;
    for (unsigned op = 0; op < 256; op++)
        if (op < BLOCK_READ || op > BLOCK_FLUSH)
            assert_int_equal(check(ENTRY(.operation = (uint8_t)op)),
                             BLOCK_E_REQUEST);
    assert_int_equal(check(ENTRY(.disk = 2)), BLOCK_E_REQUEST);
    assert_int_equal(check(ENTRY(.disk = 255)), BLOCK_E_REQUEST);
}

static void refuses_ranges(void **state)
{
    (void)state;
    assert_int_equal(check(ENTRY(.lba = 999)), BLOCK_OK);
    assert_int_equal(check(ENTRY(.lba = 1000)), BLOCK_E_RANGE);
    assert_int_equal(check(ENTRY(.lba = 999, .blocks = 2)), BLOCK_E_RANGE);
    assert_int_equal(check(ENTRY(.blocks = 0)), BLOCK_E_RANGE);
    assert_int_equal(check(ENTRY(.lba = UINT64_MAX)), BLOCK_E_RANGE);
    assert_int_equal(check(ENTRY(.lba = UINT64_MAX, .blocks = 2)),
                     BLOCK_E_RANGE);
    assert_int_equal(check(ENTRY(.blocks = UINT32_MAX)), BLOCK_E_RANGE);
    assert_int_equal(check(ENTRY(.disk = 1, .blocks = UINT32_MAX)),
                     BLOCK_E_BUFFER);
}

static void refuses_buffers(void **state)
{
    (void)state;
    assert_int_equal(check(ENTRY(.blocks = 128)), BLOCK_OK);
    assert_int_equal(check(ENTRY(.blocks = 129)), BLOCK_E_BUFFER);
    assert_int_equal(check(ENTRY(.offset = 65024)), BLOCK_OK);
    assert_int_equal(check(ENTRY(.offset = 65028)), BLOCK_E_BUFFER);
    assert_int_equal(check(ENTRY(.offset = 65536)), BLOCK_E_BUFFER);
    assert_int_equal(check(ENTRY(.offset = 2)), BLOCK_E_BUFFER);
    assert_int_equal(check(ENTRY(.offset = UINT64_MAX - 511)), BLOCK_E_BUFFER);
    assert_int_equal(check(ENTRY(.offset = UINT64_MAX - 3)), BLOCK_E_BUFFER);
    assert_int_equal(check(ENTRY(.buffer = 2)), BLOCK_E_BUFFER);
    assert_int_equal(check(ENTRY(.buffer = 16)), BLOCK_E_BUFFER);
    assert_int_equal(check(ENTRY(.buffer = 65535)), BLOCK_E_BUFFER);
    /* Lent for writing to the disk only. */
    assert_int_equal(check(ENTRY(.buffer = 1)), BLOCK_E_BUFFER);
    assert_int_equal(check(ENTRY(.buffer = 1, .operation = BLOCK_WRITE)),
                     BLOCK_OK);
}

static void refuses_writes(void **state)
{
    (void)state;
    bounds.read_only = true;
    assert_int_equal(check(ENTRY(.operation = BLOCK_WRITE)), BLOCK_E_READ_ONLY);
    assert_int_equal(check(ENTRY(.operation = BLOCK_FLUSH)), BLOCK_E_READ_ONLY);
    assert_int_equal(check(ENTRY(.operation = BLOCK_READ)), BLOCK_OK);
    bounds.read_only = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_is_right),
        cmocka_unit_test(refuses_operations),
        cmocka_unit_test(refuses_ranges),
        cmocka_unit_test(refuses_buffers),
        cmocka_unit_test(refuses_writes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
