/* Untyped, derivation, spaces: what is revoked is gone, memory comes back. */
#include "selftest.h"

#define AT 0x60000000ul

static void test_mappings(void)
{
    volatile char *at = (volatile char *)AT;

    check("512 frames",
          untyped_retype(ram, CAP_FRAME, 12, 512, 0, MANY, 0).status, OK);
    check("map 512",
          space_map(SLOT_SPACE, MANY, 512, AT, MAP_READ | MAP_WRITE).status,
          OK);
    check("zeroed (R11)", (uint64_t)at[512 * PAGE_SIZE - 1], 0);
    at[512 * PAGE_SIZE - 1] = 9;
    check("mapped twice",
          space_map(SLOT_SPACE, MANY, 1, AT + 0x1000000, MAP_READ).status,
          FAILS(ERR_BUSY, 1));
    check("unmap 512", space_unmap(SLOT_SPACE, MANY, 512).status, OK);
    check("write and execute",
          space_map(SLOT_SPACE, MANY, 1, AT, MAP_WRITE | MAP_EXEC).status,
          FAILS(ERR_ARGUMENT, 4));
    check("kernel address",
          space_map(SLOT_SPACE, MANY, 1, 0xffff800000000000, MAP_READ).status,
          FAILS(ERR_ARGUMENT, 3));
    check("last user page",
          space_map(SLOT_SPACE, MANY, 1, 0x7ffffffff000, MAP_READ).status,
          FAILS(ERR_ARGUMENT, 3));
    check("misaligned", space_map(SLOT_SPACE, MANY, 1, AT + 1, MAP_READ).status,
          FAILS(ERR_ARGUMENT, 3));
    check("map again",
          space_map(SLOT_SPACE, MANY, 512, AT, MAP_READ | MAP_WRITE).status,
          OK);
    check("same memory", (uint64_t)at[512 * PAGE_SIZE - 1], 9);
    check("occupied",
          captable_copy(SLOT_CAPTABLE, SPARE, 0, MANY, RIGHT_READ, 0).status,
          OK);
    check("occupied address",
          space_map(SLOT_SPACE, SPARE, 1, AT, MAP_READ).status,
          FAILS(ERR_OCCUPIED, 3));
    check("more than its rights",
          space_map(SLOT_SPACE, SPARE, 1, AT + 0x1000000, MAP_READ | MAP_WRITE)
              .status,
          FAILS(ERR_RIGHTS, 1));
    check("read only",
          space_map(SLOT_SPACE, SPARE, 1, AT + 0x1000000, MAP_READ).status, OK);
    check("delete the original", captable_delete(SLOT_CAPTABLE, MANY).status,
          OK);
    check("its copy is gone", captable_info(SLOT_CAPTABLE, SPARE).r[0],
          CAP_NULL);
    check("nothing is mapped there", space_lookup(SLOT_SPACE, AT).r[0],
          AT + PAGE_SIZE);
    for (cap_t i = 1; i < 512; i++)
        check("delete", captable_delete(SLOT_CAPTABLE, MANY + i).status, OK);
}

static void test_reuse(void)
{
    check("untyped",
          untyped_retype(ram, CAP_UNTYPED, SUB_BYTES, 1, 0, SUB, 0).status, OK);
    for (int i = 0; i < 3; i++) {
        check("carve",
              untyped_retype(SUB, CAP_FRAME, 12, 200, 0, MANY, 0).status, OK);
        check("carved", untyped_info(SUB).r[2], 200 * PAGE_SIZE);
        check("no room",
              untyped_retype(SUB, CAP_FRAME, 12, 57, 0, MANY + 300, 0).status,
              FAILS(ERR_NO_MEMORY, 0));
        check("revoke", captable_revoke(SLOT_CAPTABLE, SUB).status, OK);
        check("gone", captable_info(SLOT_CAPTABLE, MANY + 199).r[0], CAP_NULL);
    }
}

/* Tables that hold themselves or each other end like all others. */
static void test_cycles(void)
{
    check("table", untyped_retype(SUB, CAP_CAPTABLE, 8, 1, 0, SPARE, 0).status,
          OK);
    check("second",
          untyped_retype(SUB, CAP_CAPTABLE, 8, 1, 0, SPARE2, 0).status, OK);
    check("itself", captable_copy(SPARE, 5, 0, SPARE, RIGHTS_ALL, 0).status,
          OK);
    check("each other",
          captable_copy(SPARE, 6, 0, SPARE2, RIGHTS_ALL, 0).status, OK);
    check("and back", captable_move(SPARE2, 6, 0, SPARE).status, OK);
    check("delete", captable_delete(SLOT_CAPTABLE, SPARE2).status, OK);
    check("space",
          untyped_retype(SUB, CAP_ADDRESS_SPACE, 16, 1, 0, SPARE, 0).status,
          OK);
    check("space's account", space_info(SPARE).r[0], 14);
    check("all memory is free again",
          captable_revoke(SLOT_CAPTABLE, SUB).status, OK);
    check("carve all of it",
          untyped_retype(SUB, CAP_FRAME, 12, 256, 0, MANY, 0).status, OK);
    check("revoke", captable_revoke(SLOT_CAPTABLE, SUB).status, OK);
}

static void test_tables_run_out(void)
{
    struct result r;

    check("small space",
          untyped_retype(SUB, CAP_ADDRESS_SPACE, 14, 1, 0, SPARE, 0).status,
          OK);
    check("frame", untyped_retype(SUB, CAP_FRAME, 12, 2, 0, MANY, 0).status,
          OK);
    r = space_map(SPARE, MANY, 1, AT, MAP_READ);
    check("tables are short", r.status, FAILS(ERR_NEED_TABLES, 0));
    check("by how many", r.r[0], 1);
    check("memory for tables",
          untyped_retype(SUB, CAP_UNTYPED, 0x2000, 1, 0, SPARE2, 0).status, OK);
    check("donate", space_donate(SPARE, SPARE2).status, OK);
    check("map", space_map(SPARE, MANY, 1, AT, MAP_READ).status, OK);
    check("withdraw", captable_delete(SLOT_CAPTABLE, SPARE2).status, OK);
    check("nothing is mapped", space_lookup(SPARE, 0).r[2], 0);
    check("and nothing can be",
          space_map(SPARE, MANY + 1, 1, AT, MAP_READ).status,
          FAILS(ERR_BUSY, 0));
    check("revoke", captable_revoke(SLOT_CAPTABLE, SUB).status, OK);
}

void test_memory(void)
{
    test_mappings();
    test_reuse();
    test_cycles();
    test_tables_run_out();
}
