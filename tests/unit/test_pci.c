/*
 * The PCI server's reading of configuration space, on a model: enumeration,
 * BAR sizing, groups, page sharing, resets that count only if they happened,
 * and which configuration writes of a driver pass (R2, R11).
 *
 * links: servers/pci/scan.c servers/pci/bar.c servers/pci/capability.c
 * links: servers/pci/group.c servers/pci/share.c servers/pci/reset.c
 * links: servers/pci/filter.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "servers/pci/bar.h"
#include "servers/pci/capability.h"
#include "servers/pci/filter.h"
#include "servers/pci/group.h"
#include "servers/pci/reset.h"
#include "servers/pci/scan.h"
#include "servers/pci/share.h"
#include "tests/unit/pci_model.h"

static struct model model;
static struct tree tree;
static struct config_space space;

static int fresh(void **state)
{
    (void)state;
    memset(&model, 0, sizeof model);
    memset(&tree, 0, sizeof tree);
    space = model_space(&model);
    return 0;
}

static struct node *scan_for(uint32_t address)
{
    memset(&tree, 0, sizeof tree);
    scan_segment(&space, &tree, 0, 0, 255);
    group_form(&tree);
    for (uint32_t i = 0; i < tree.count; i++)
        if (tree.nodes[i].address == address)
            return &tree.nodes[i];
    fail_msg("no function at %x", address);
    return NULL;
}

#define AT(bus, device, function) PCI_ADDRESS(0, bus, device, function)

static void finds_functions_behind_bridges(void **state)
{
    struct model_function *f;

    (void)state;
    model_add(&model, AT(0, 0, 0), 0x29c08086, 0x060000);
    model_bridge(&model, AT(0, 1, 0), 5);
    model_bridge(&model, AT(0, 2, 0), 1);
    model_bridge(&model, AT(1, 0, 0), 3);
    model_add(&model, AT(3, 4, 0), 0x11e81234, 0x00ff00);
    model_add(&model, AT(5, 0, 0), 0x00101b36, 0x010802);
    model_add(&model, AT(7, 0, 0), 0x00101b36, 0x010802); /* leads nowhere */
    f = model_add(&model, AT(0, 31, 0), 0x29188086, 0x060100);
    model_put(f, CONFIG_HEADER, 1, HEADER_MULTI);
    model_add(&model, AT(0, 31, 2), 0x29228086, 0x010601);
    assert_int_equal(scan_for(AT(3, 4, 0))->parent, 5);
    assert_int_equal(tree.count, 8);
    for (uint32_t i = 1; i < tree.count; i++)
        assert_true(tree.nodes[i - 1].address < tree.nodes[i].address);
}

static void ignores_bridges_that_lead_back(void **state)
{
    (void)state;
    model_bridge(&model, AT(0, 1, 0), 0);
    model_bridge(&model, AT(0, 2, 0), 2);
    model_bridge(&model, AT(0, 3, 0), 2);
    model_bridge(&model, AT(2, 1, 0), 2);
    model_bridge(&model, AT(2, 2, 0), 1);
    scan_segment(&space, &tree, 0, 0, 255);
    assert_int_equal(tree.count, 5);
}

static void capability_loops_end(void **state)
{
    struct model_function *f = model_add(&model, AT(0, 3, 0), 0x11e81234, 0);

    (void)state;
    model_put(f, CONFIG_STATUS, 2, STATUS_CAPABILITIES);
    model_put(f, CONFIG_CAPABILITIES, 1, 0x50);
    model_put(f, 0x50, 2, 0x5009);
    model_put(f, 0x100, 4, 0x10010001);
    assert_int_equal(capability_find(&space, f->address, 5), 0);
    assert_int_equal(capability_find(&space, f->address, 9), 0x50);
    assert_int_equal(capability_find_extended(&space, f->address, 5), 0);
    model_put(f, CONFIG_CAPABILITIES, 1, 0x04); /* into the header */
    assert_int_equal(capability_find(&space, f->address, 0x34), 0);
}

static void sizes_bars(void **state)
{
    struct model_function *f = model_add(&model, AT(0, 3, 0), 0x11e81234, 0);
    struct node *n;

    (void)state;
    model_memory_bar(f, 0, 0xfe000000, 0x100000);
    f->bar_mask[1] = 0xffe0; /* I/O, upper half hard-wired */
    f->bar_type[1] = 1;
    model_put(f, 0x14, 4, 0xc001);
    f->bar_mask[2] = 0xffffc000; /* 64 bit, prefetchable, 16 KiB */
    f->bar_type[2] = 0xc;
    f->bar_mask[3] = 0xffffffff;
    model_put(f, 0x18, 4, 0x0000400c);
    model_put(f, 0x1c, 4, 0x8);
    model_memory_bar(f, 5, 0, 0x1000); /* firmware left it out */
    model_put(f, CONFIG_COMMAND, 2, 7);
    n = scan_for(f->address);
    assert_int_equal(n->bars[0].base, 0xfe000000);
    assert_int_equal(n->bars[0].size, 0x100000);
    assert_int_equal(n->bars[0].flags, PCI_BAR_MEMORY);
    assert_int_equal(n->bars[1].size, 0x20);
    assert_int_equal(n->bars[1].flags, PCI_BAR_IO);
    assert_int_equal(n->bars[2].base, 0x800004000);
    assert_int_equal(n->bars[2].size, 0x4000);
    assert_int_equal(n->bars[2].flags,
                     PCI_BAR_MEMORY | PCI_BAR_64 | PCI_BAR_PREFETCH);
    assert_int_equal(n->bars[3].flags, 0);
    assert_true(n->bars[5].flags & PCI_BAR_ABSENT);
    assert_int_equal(f->decode_while_sizing, 0);
    assert_int_equal(model_get(f->bytes + CONFIG_COMMAND, 2), 7);
    assert_int_equal(model_get(f->bytes + 0x1c, 4), 8);
}

static void sizes_a_bar_of_4_gib_and_more(void **state)
{
    struct model_function *f = model_add(&model, AT(0, 3, 0), 0x11e81234, 0);
    struct node *n;

    (void)state;
    f->bar_mask[0] = 0;
    f->bar_type[0] = 0xc;
    f->bar_mask[1] = 0xfffffffe; /* 8 GiB */
    model_put(f, 0x10, 4, 0xc);
    model_put(f, 0x14, 4, 0x40);
    n = scan_for(f->address);
    assert_true(n->bars[0].size == 0x200000000 && n->bars[0].flags & 1);
    assert_true(n->bars[0].base == 0x4000000000);
}

static void silences_everything_at_boot(void **state)
{
    struct model_function *f = model_add(&model, AT(0, 3, 0), 0x11e81234, 0);
    struct model_function *b = model_bridge(&model, AT(0, 4, 0), 1);

    (void)state;
    model_put(f, CONFIG_COMMAND, 2, 7);
    model_put(b, CONFIG_COMMAND, 2, 7);
    scan_silence(&space, scan_for(f->address));
    scan_silence(&space, scan_for(b->address));
    assert_int_equal(model_get(f->bytes + 4, 2), COMMAND_NO_INTX);
    assert_int_equal(model_get(b->bytes + 4, 2), COMMAND_NO_INTX | 3);
}

static void groups_by_what_the_iommu_sees(void **state)
{
    struct model_function *f;
    uint32_t a, b;

    (void)state;
    /* 0:3.0 alone; 0:31.0 and .2 one device; */
    model_add(&model, AT(0, 3, 0), 0x11e81234, 0);
    f = model_add(&model, AT(0, 31, 0), 0x29188086, 0x060100);
    model_put(f, CONFIG_HEADER, 1, HEADER_MULTI);
    model_add(&model, AT(0, 31, 2), 0x29228086, 0x010601);
    /* a root port without ACS, one with; */
    model_express(model_bridge(&model, AT(0, 4, 0), 1), EXPRESS_ROOT_PORT, 0);
    f = model_bridge(&model, AT(0, 5, 0), 2);
    model_express(f, EXPRESS_ROOT_PORT, 0);
    model_acs(f);
    model_add(&model, AT(1, 0, 0), 0x00101b36, 0x010802);
    model_add(&model, AT(2, 0, 0), 0x00101b36, 0x010802);
    /* a bridge to conventional PCI with two devices. */
    model_express(model_bridge(&model, AT(0, 6, 0), 3), EXPRESS_TO_PCI, 0);
    model_add(&model, AT(3, 1, 0), 0x11e81234, 0);
    model_add(&model, AT(3, 2, 0), 0x11e81234, 0);

    a = scan_for(AT(0, 31, 0))->group;
    assert_int_equal(a, scan_for(AT(0, 31, 2))->group);
    assert_int_not_equal(a, scan_for(AT(0, 3, 0))->group);
    assert_int_equal(scan_for(AT(1, 0, 0))->group,
                     scan_for(AT(0, 4, 0))->group);
    assert_int_not_equal(scan_for(AT(2, 0, 0))->group,
                         scan_for(AT(0, 5, 0))->group);
    a = scan_for(AT(3, 1, 0))->group;
    b = scan_for(AT(3, 2, 0))->group;
    assert_int_equal(a, b);
    assert_int_equal(scan_for(AT(3, 1, 0))->requester, AT(3, 0, 0));
    assert_int_equal(tree.groups, 6);
}

static void isolated_functions_need_acs(void **state)
{
    struct model_function *f = model_add(&model, AT(0, 3, 0), 0x10c98086, 0);
    struct model_function *g = model_add(&model, AT(0, 3, 1), 0x10c98086, 0);

    (void)state;
    model_put(f, CONFIG_HEADER, 1, HEADER_MULTI);
    model_express(f, 0, true);
    model_express(g, 0, true);
    model_acs(f);
    scan_for(f->address);
    assert_int_equal(tree.groups, 1);
    model_acs(g);
    scan_for(f->address);
    assert_int_equal(tree.groups, 2);
    group_enforce(&space, &tree);
    assert_int_equal(model_get(f->bytes + 0x106, 2), ACS_ISOLATES);
}

static void finds_shared_pages(void **state)
{
    static struct bar_ref refs[NODES_MAX * PCI_BARS];
    struct model_function *f = model_add(&model, AT(0, 3, 0), 0x11e81234, 0);
    struct model_function *g = model_add(&model, AT(0, 4, 0), 0x11e81234, 0);
    struct node *n;

    (void)state;
    model_memory_bar(f, 0, 0xfe002100, 0x100);
    model_memory_bar(g, 0, 0xfe002200, 0x100);
    model_memory_bar(g, 1, 0xfe001000, 0x1000);
    n = scan_for(f->address);
    share_mark(&tree);
    assert_true(n->bars[0].flags & PCI_BAR_SHARED);
    assert_true(n[1].bars[0].flags & PCI_BAR_SHARED);
    assert_false(n[1].bars[1].flags & PCI_BAR_SHARED);
    assert_ptr_equal(share_find(&tree, n, 0), &n[1]);
    assert_int_equal(share_sort(&tree, refs), 3);
    assert_int_equal(refs[0].node, 1);
    assert_int_equal(refs[0].bar, 1);
}

static void resets_by_flr(void **state)
{
    struct model_function *f = model_add(&model, AT(0, 3, 0), 0x00101b36, 0);
    char why[PCI_REASON] = "";
    struct node *n;

    (void)state;
    model_express(f, 0, true);
    model_memory_bar(f, 0, 0xfe000000, 0x4000);
    n = scan_for(f->address);
    scan_silence(&space, n);
    assert_true(reset_function(&space, &tree, n, why));
    assert_int_equal(f->resets, 1);
    assert_int_equal(model_get(f->bytes + 0x10, 4), 0xfe000000);
    assert_int_equal(model_get(f->bytes + 4, 2), COMMAND_NO_INTX);
}

static void believes_no_reset_that_did_not_happen(void **state)
{
    struct model_function *f = model_add(&model, AT(0, 3, 0), 0x00101b36, 0);
    char why[PCI_REASON] = "";

    (void)state;
    model_express(f, 0, true);
    f->ignores_reset = true;
    assert_false(reset_function(&space, &tree, scan_for(f->address), why));
    assert_non_null(strstr(why, "did not"));
    assert_true(model.slept_ms < 2000);
}

static void says_when_there_is_no_reset(void **state)
{
    struct model_function *f = model_add(&model, AT(0, 3, 0), 0x11e81234, 0);
    struct node *n = scan_for(f->address);
    char why[PCI_REASON] = "";

    (void)state;
    assert_false(reset_function(&space, &tree, n, why));
    assert_non_null(strstr(why, "offers no reset"));
    f->dead = true;
    assert_false(reset_function(&space, &tree, n, why));
    assert_non_null(strstr(why, "does not answer"));
}

static void resets_a_bus_only_if_nobody_else_is_there(void **state)
{
    struct model_function *f, *g;
    char why[PCI_REASON] = "";
    struct node *n;

    (void)state;
    model_express(model_bridge(&model, AT(0, 1, 0), 1), EXPRESS_ROOT_PORT, 0);
    f = model_add(&model, AT(1, 0, 0), 0x11e81234, 0);
    model_put(f, CONFIG_HEADER, 1, HEADER_MULTI);
    g = model_add(&model, AT(1, 0, 1), 0x11e81234, 0);
    n = scan_for(f->address);
    n[1].state = PCI_CLAIMED;
    assert_false(reset_function(&space, &tree, n, why));
    n[1].state = PCI_UNCLAIMED;
    assert_true(reset_function(&space, &tree, n, why));
    assert_int_equal(g->resets, 1);
}

static void filters_configuration_writes(void **state)
{
    struct model_function *f = model_add(&model, AT(0, 3, 0), 0x00101b36, 0);
    struct node *n;

    (void)state;
    model_express(f, 0, true);
    n = scan_for(f->address);
    n->msix = 0x80;
    assert_null(filter_write(n, 0x0c, 1, 0, 0x10));
    assert_null(filter_write(n, 0x06, 2, 0x2010, 0xf900));
    assert_null(filter_write(n, 0x48, 2, 0x2810, 0x5810));
    assert_non_null(filter_write(n, 0x04, 2, 0, 4));
    assert_non_null(filter_write(n, 0x04, 4, 0, 4));
    assert_non_null(filter_write(n, 0x10, 4, 0, 0xfee00000));
    assert_non_null(filter_write(n, 0x82, 2, 0, 0x8000));
    assert_non_null(filter_write(n, 0x48, 2, 0, CONTROL_FLR));
    assert_non_null(filter_write(n, 0x48, 4, 0, 0x10));
    assert_non_null(filter_write(n, 0x0d, 2, 0, 0));
    assert_non_null(filter_write(n, 4096, 4, 0, 0));
    assert_non_null(filter_write(n, 0xfffffffc, 4, 0, 0));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, fresh)
    const struct CMUnitTest tests[] = {
        TEST(finds_functions_behind_bridges),
        TEST(ignores_bridges_that_lead_back),
        TEST(capability_loops_end),
        TEST(sizes_bars),
        TEST(sizes_a_bar_of_4_gib_and_more),
        TEST(silences_everything_at_boot),
        TEST(groups_by_what_the_iommu_sees),
        TEST(isolated_functions_need_acs),
        TEST(finds_shared_pages),
        TEST(resets_by_flr),
        TEST(believes_no_reset_that_did_not_happen),
        TEST(says_when_there_is_no_reset),
        TEST(resets_a_bus_only_if_nobody_else_is_there),
        TEST(filters_configuration_writes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
