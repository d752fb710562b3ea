/*
 * Requests to the PCI server, of init and of drivers, on a machine with a few
 * functions: one with FLR, one that can only be reset by the bus above, one
 * that cannot be reset at all, a bridge. The input says which of them have
 * vanished or ignore resets, when the kernel refuses an operation, and what is
 * asked. After each request must hold
 *
 *   - the answer is one, and an error has a line for people;
 *   - no function may send DMA (bus master) but a claimed one, and bridges;
 *   - no window of an unclaimed function is out, and none is out twice; one
 *     requester has one Device (R2, R3);
 *   - a driver's request has touched its own function's configuration space
 *     alone, if it was not a reset, and of the header only what the filter lets
 *     pass;
 *   - the server's slots do not leak away.
 *
 * machine: tests/host
 * links: libsys/message.c libsys/status.c libsys/service_error.c
 * links: servers/pci/serve.c servers/pci/serve_init.c
 * links: servers/pci/serve_driver.c servers/pci/claim.c servers/pci/enable.c
 * links: servers/pci/msi.c servers/pci/scan.c servers/pci/bar.c
 * links: servers/pci/capability.c servers/pci/group.c servers/pci/share.c
 * links: servers/pci/reset.c servers/pci/filter.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cordon/cordon.h>
#include <cordon/manifest.h>

#include "servers/pci/claim.h"
#include "servers/pci/ecam.h"
#include "servers/pci/group.h"
#include "servers/pci/holding.h"
#include "servers/pci/mmio.h"
#include "servers/pci/scan.h"
#include "servers/pci/serve.h"
#include "servers/pci/share.h"
#include "tests/unit/pci_model.h"

#define SLOTS       256u
#define CONTROL     1u /* the slot of DeviceControl */
#define FIRST_SLOT  8u
#define TABLE_PAGES 16u
#define STEPS_MAX   400u

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "not so: %s\n", what);
    abort();
}

/* --- the input --- */

static const uint8_t *next, *end;

static uint8_t byte(void)
{
    return next < end ? *next++ : 0;
}

/* Mostly small; else any word. */
static uint64_t number(void)
{
    uint8_t b = byte();
    uint64_t w = 0;

    if (b < 200)
        return b;
    if (b < 240)
        return (uint64_t)b << 8 | byte();
    for (unsigned i = 0; i < 8; i++)
        w = w << 8 | byte();
    return w;
}

/* --- in place of libsys and the kernel --- */

/* What is in a slot; a child goes when its parent is revoked. `out` counts the
 * children that have left the table. */
static struct {
    bool taken;
    uint32_t type, parent, out;
    uint64_t requester;
} slots[SLOTS];
static uint8_t refusing; /* the kernel: one operation in so many; 0: none */
static unsigned operations;
static uint64_t slept_ns;
static uint32_t msix_table[TABLE_PAGES * PAGE_SIZE / 4];
static struct message_page page;

const struct startup *startup;

const struct startup_cap *startup_find(enum startup_kind kind, const char *name,
                                       unsigned index)
{
    static const struct startup_cap control = {.slot = CONTROL};

    (void)name;
    return kind == STARTUP_CONTROL && index == 0 ? &control : NULL;
}

struct message_page *message_page(void)
{
    return &page;
}

uint64_t clock_now(void)
{
    return slept_ns;
}

cap_t memory_source(void)
{
    return 2;
}

const char *ecam_trouble(void)
{
    return "";
}

cap_t slot_alloc_run(size_t count)
{
    for (cap_t first = FIRST_SLOT; first + count <= SLOTS; first++) {
        size_t i = 0;

        while (i < count && !slots[first + i].taken)
            i++;
        if (i < count)
            continue;
        while (i-- > 0)
            slots[first + i].taken = true;
        return first;
    }
    return 0;
}

cap_t slot_alloc(void)
{
    return slot_alloc_run(1);
}

void slot_free_run(cap_t slot, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        require(slots[slot + i].taken && slots[slot + i].type == 0,
                "only an empty slot is given back");
        slots[slot + i].taken = false;
    }
}

void slot_free(cap_t slot)
{
    slot_free_run(slot, 1);
}

uint64_t cap_delete_run(cap_t slot, size_t count)
{
    for (size_t i = 0; i < count; i++)
        slots[slot + i].type = slots[slot + i].parent = 0;
    slot_free_run(slot, count);
    return OK;
}

cap_t mmio_cut(uint64_t base, uint64_t bytes)
{
    cap_t slot = slot_alloc();

    (void)base, (void)bytes;
    if (slot != 0)
        slots[slot].type = CAP_UNTYPED;
    return slot;
}

uint64_t memory_map(cap_t frames, size_t count, unsigned size_bits,
                    unsigned attributes, struct memory *out)
{
    (void)attributes;
    if (count > TABLE_PAGES || (refusing != 0 && operations++ % refusing == 1))
        return ERR_NO_MEMORY;
    *out = (struct memory){msix_table, count << size_bits, frames,
                           (uint32_t)count, size_bits};
    return OK;
}

void memory_unmap(struct memory *m)
{
    cap_delete_run(m->frames, m->count);
}

static bool has_children(cap_t parent)
{
    for (unsigned i = 0; i < SLOTS; i++)
        if (slots[i].type != 0 && slots[i].parent == parent)
            return true;
    return slots[parent].out != 0;
}

static uint64_t retype(cap_t from, uint32_t type, uint64_t count, cap_t to)
{
    require(slots[from].type == CAP_UNTYPED && to + count <= SLOTS,
            "what is carved is an Untyped, into the table");
    if (has_children(from)) /* all that is carved here takes the front */
        return ERR_NO_MEMORY;
    for (uint64_t i = 0; i < count; i++) {
        require(slots[to + i].taken, "the slot is the server's");
        if (slots[to + i].type != 0)
            return ERR_OCCUPIED;
    }
    for (uint64_t i = 0; i < count; i++) {
        slots[to + i].type = type;
        slots[to + i].parent = (uint32_t)from;
    }
    return OK;
}

static uint64_t mint(uint64_t requester, cap_t to)
{
    for (unsigned i = 0; i < SLOTS; i++)
        require(slots[i].type != CAP_DEVICE || slots[i].requester != requester,
                "a requester has one Device");
    require(slots[to].taken && slots[to].type == 0, "the slot is free");
    slots[to].type = CAP_DEVICE;
    slots[to].requester = requester;
    return OK;
}

static uint64_t revoke(cap_t cap)
{
    require(slots[cap].type != 0, "what is revoked is there");
    for (unsigned i = 0; i < SLOTS; i++)
        if (slots[i].parent == cap)
            slots[i].type = slots[i].parent = 0;
    slots[cap].out = 0;
    return OK;
}

struct result kernel_invoke(uint64_t op, cap_t cap, uint64_t a1, uint64_t a2,
                            uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6,
                            uint64_t a7)
{
    uint64_t status = OK;

    (void)a6, (void)a7;
    if (refusing != 0 && operations++ % refusing == 1)
        status = op == OP_UNTYPED_RETYPE || op == OP_DEVICE_MINT
                     ? ERR_NO_MEMORY
                     : ERR_UNCONFIRMED;
    else if (op == OP_UNTYPED_RETYPE)
        status = retype(cap, (uint32_t)a1, a3, a5);
    else if (op == OP_DEVICE_MINT)
        status = mint(a2, a4);
    else if (op == OP_CAPTABLE_REVOKE)
        status = revoke(a1);
    else
        require(op == OP_DEVICE_BLOCK, "no other operation is needed");
    return (struct result){.status = status};
}

/* --- the machine --- */

static struct model model;
static struct tree the_tree;
static struct config_space config;

/* What a request may write: any function's, or one's; see watched_write. */
#define ANYWHERE (~0u)
#define NOWHERE  (~1u)
static uint32_t may_write;

static void watched_write(void *context, uint32_t address, uint32_t offset,
                          uint32_t width, uint32_t value)
{
    require(may_write == ANYWHERE || may_write == address,
            "a driver's request stays with its function");
    require(may_write == ANYWHERE || offset >= 0x40 ||
                offset == CONFIG_CACHE_LINE || offset == CONFIG_LATENCY ||
                offset == CONFIG_STATUS,
            "a driver does not write the header");
    model_write(context, address, offset, width, value);
}

static void watched_sleep(void *context, uint32_t ms)
{
    model_sleep(context, ms);
    slept_ns += ms * NS_PER_MS;
}

static void put_msix(struct model_function *f, uint32_t at, uint32_t vectors,
                     uint32_t table)
{
    model_put(f, at, 2, CAPABILITY_MSIX);
    model_put(f, at + 2, 2, vectors - 1);
    model_put(f, at + 4, 4, table);
}

static struct model_function *card(uint32_t address, uint32_t base, bool flr)
{
    struct model_function *f =
        model_add(&model, address, 0x12341000u + model.count, 0x020000);

    model_memory_bar(f, 0, base, 0x10000);
    model_express(f, 0, flr);
    f->bytes[0x41] = 0x80; /* the next capability */
    return f;
}

static void machine_make(void)
{
    struct model_function *f;

    memset(&model, 0, sizeof(model));
    memset(&the_tree, 0, sizeof(the_tree));
    f = card(PCI_ADDRESS(0, 0, 2, 0), 0xc0000000, true);
    put_msix(f, 0x80, 4, number() & 0xffff);
    model_memory_bar(f, 1, 0xc1000000, 0x1000);
    f = card(PCI_ADDRESS(0, 0, 3, 0), 0xc2000000, false);
    model_put(f, 0x80, 4, CAPABILITY_MSI | (uint32_t)byte() << 16);
    model_bridge(&model, PCI_ADDRESS(0, 0, 4, 0), 1);
    f = card(PCI_ADDRESS(0, 1, 0, 0), 0xc3000000, false);
    put_msix(f, 0x80, 1 + byte(), 0x2000);
    f = card(PCI_ADDRESS(0, 0, 5, 0), 0xc2000400, byte() & 1);
    for (uint32_t i = 0; i < model.count; i++)
        model.functions[i].ignores_reset = byte() > 200;
}

/* As main() does it. */
static void server_start(void)
{
    const uint8_t kernel_refuses = refusing;

    refusing = 0;
    memset(slots, 0, sizeof(slots));
    for (unsigned i = 0; i < NODES_MAX; i++)
        free(holdings[i].vectors);
    memset(holdings, 0, NODES_MAX * sizeof(holdings[0]));
    config =
        (struct config_space){model_read, watched_write, watched_sleep, &model};
    may_write = ANYWHERE;
    scan_segment(&config, &the_tree, 0, 0, 1);
    for (uint32_t i = 0; i < the_tree.count; i++) {
        msi_disable(&config, &the_tree.nodes[i]);
        scan_silence(&config, &the_tree.nodes[i]);
    }
    group_form(&the_tree);
    group_enforce(&config, &the_tree);
    share_mark(&the_tree);
    claim_prepare(&the_tree);
    serve_open(&config, &the_tree);
    refusing = kernel_refuses;
}

/* --- a request --- */

/* The answer is sent: what it carries of Untyped leaves the table. */
static void answer_send(const struct message *m)
{
    for (unsigned i = 0; i < m->caps; i++) {
        cap_t cap = page.send_caps[i];

        require(slots[cap].type != 0, "what is passed is there");
        if (slots[cap].type != CAP_UNTYPED)
            continue;
        slots[slots[cap].parent].out++;
        slots[cap].type = slots[cap].parent = 0;
    }
}

static void check_answer(const struct message *m)
{
    require(!m->bad && m->label < SERVICE_ERRORS && m->words <= MSG_MAX_WORDS &&
                m->caps <= 1,
            "the answer is a message");
    require(m->label == SERVICE_OK || (m->caps == 0 && m->words > 1 &&
                                       m->w[0] != 0 && m->w[0] < PCI_REASON),
            "an error has its line");
}

static void check_machine(void)
{
    unsigned taken = 0;

    for (unsigned i = 0; i < SLOTS; i++)
        taken += slots[i].taken;
    for (uint32_t i = 0; i < the_tree.count; i++) {
        const struct node *n = &the_tree.nodes[i];
        const struct model_function *f = model_find(&model, n->address);
        bool claimed = n->state == PCI_CLAIMED;

        taken -= holdings[i].device != 0;
        /* What vanishes cannot be switched off, nor is it used again. */
        require(f->dead || claimed || n->state == PCI_QUARANTINED ||
                    node_is_bridge(n) ||
                    (f->bytes[CONFIG_COMMAND] & COMMAND_MASTER) == 0,
                "only a claimed function sends DMA");
        for (unsigned b = 0; b < PCI_BARS; b++) {
            cap_t bar = holdings[i].bars[b];

            taken -= (bar != 0) + (holdings[i].windows[b] != 0);
            require(bar == 0 || slots[bar].out <= 1, "a window is out once");
            require(bar == 0 || claimed || n->state == PCI_QUARANTINED ||
                        slots[bar].out == 0,
                    "no window of an unclaimed function is out");
        }
    }
    require(taken == 0, "each slot that is taken is known");
}

/* Words as the operation wants them, mostly. */
static void put_words(struct message *m, uint64_t label)
{
    static const uint8_t wanted[] = {
        [PCI_COUNT] = 0,  [PCI_FUNCTION] = 1,   [PCI_FIND] = 4,
        [PCI_CLAIM] = 1,  [PCI_WINDOW] = 2,     [PCI_SET_VECTOR] = 4,
        [PCI_ENABLE] = 2, [PCI_RELEASE] = 1,    [PCI_READ] = 2,
        [PCI_WRITE] = 3,  [PCI_CAPABILITY] = 1, [PCI_RESET] = 0,
        [PCI_VECTOR] = 1,
    };
    unsigned words = label < sizeof(wanted) ? wanted[label] : 0;
    uint8_t b = byte();

    if (b >= 240)
        words = b - 240u;
    for (unsigned i = 0; i < words; i++) {
        uint64_t w = number();

        if (i == 0 && label >= PCI_FUNCTION && label < PCI_READ &&
            label != PCI_FIND && w < 200)
            w %= the_tree.count + 1; /* a handle */
        message_put(m, w);
    }
}

static void step(void)
{
    static struct service service;
    uint64_t label = byte() % 22, badge = byte() % (the_tree.count + 3);
    struct message m = {0};
    uint64_t w[MSG_REG_WORDS];

    if (label == 21) { /* something happens to a function */
        struct model_function *f = &model.functions[badge % model.count];

        f->dead = byte() & 1;
        slept_ns += NS_PER_S;
        return;
    }
    /* Init's operations mostly by init, drivers' by drivers. */
    if (label < PCI_READ && badge < the_tree.count)
        badge = 0;
    message_init(&m, &page, label);
    put_words(&m, label);
    memcpy(w, m.w, sizeof(w));
    message_parse(&m, &page, message_tag(&m), w);
    m.badge = badge;
    may_write = badge == 0 || label == PCI_RESET ? ANYWHERE
                : label == PCI_WRITE && badge <= the_tree.count
                    ? the_tree.nodes[badge - 1].address
                    : NOWHERE;
    serve(&service, &m);
    check_answer(&m);
    answer_send(&m);
    check_machine();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    next = data;
    end = data + size;
    operations = 0;
    slept_ns = 0;
    refusing = byte() % 64;
    machine_make();
    server_start();
    for (unsigned i = 0; i < STEPS_MAX && next < end; i++)
        step();
    return 0;
}
