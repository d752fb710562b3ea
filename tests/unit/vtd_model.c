/* The model of VT-d units; see vtd_model.h. */
#include "tests/unit/vtd_model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/machine.h"
#include "boot/pci_boot.h"
#include "boot/print.h"
#include "kernel/cache.h"
#include "kernel/mmio.h"

#define ARENA_PAGES 1024
#define STRIDE      0x2000
#define CACHE       64

struct cached_context {
    bool valid;
    uint16_t rid, id;
    uint64_t low, high;
};
struct cached_page {
    bool valid;
    uint16_t id;
    uint64_t first, size, pa;
    bool read, write;
};
struct cached_entry {
    bool valid;
    uint16_t index;
    uint64_t low, high;
};

struct unit {
    uint8_t regs[STRIDE];
    uint64_t root, remap;
    bool translating, remapping, queueing;
    bool unfenced;   /* a context flush that nothing waits for yet */
    unsigned record; /* next fault record to fill */
    struct cached_context contexts[CACHE];
    struct cached_page pages[CACHE];
    struct cached_entry entries[CACHE];
    unsigned context_next, page_next, entry_next;
};

static struct unit units[MODEL_UNITS];
static unsigned option_bits;
static enum model_failure failing;
static unsigned fail_after;
static uint64_t now_ns;
struct model_counts model_counts;

/* ---- Memory ---- */

/* The CPU's view, and what has been written back for incoherent readers. */
static uint8_t *arena, *behind;
static size_t arena_used;

paddr_t model_pages(size_t n)
{
    if (arena_used + n > ARENA_PAGES)
        abort();
    paddr_t pa = virt_to_phys(arena + arena_used * 4096);
    memset(arena + arena_used * 4096, 0, n * 4096);
    arena_used += n;
    return pa;
}

void cache_flush(const void *p, size_t bytes)
{
    size_t first = ((size_t)((const uint8_t *)p - arena)) & ~(size_t)63;
    size_t end = (size_t)((const uint8_t *)p - arena) + bytes;

    if (end > ARENA_PAGES * 4096)
        abort();
    memcpy(behind + first, arena + first, ((end + 63) & ~(size_t)63) - first);
}

static uint64_t mem_read(uint64_t pa)
{
    uint64_t value;
    size_t at = (size_t)((uint8_t *)phys_to_virt((paddr_t){pa}) - arena);

    if (at >= ARENA_PAGES * 4096)
        return 0;
    memcpy(&value, ((option_bits & MODEL_COHERENT) ? arena : behind) + at, 8);
    return value;
}

/* ---- Platform ---- */

paddr_t boot_alloc_pages(size_t n, uint64_t align)
{
    while ((arena_used * 4096) % align != 0)
        arena_used++;
    return model_pages(n);
}

void *mmio_map(paddr_t address, uint64_t size)
{
    uint64_t i = (address.v - MODEL_BASE) / STRIDE;

    if (i >= MODEL_UNITS || size > STRIDE)
        abort();
    return units[i].regs;
}

uint64_t clock_tsc(void)
{
    return now_ns += 1000;
}

void model_advance(uint64_t ns)
{
    now_ns += ns;
}

uint64_t clock_tsc_to_ns(uint64_t tsc)
{
    return tsc;
}

void kprintf(const char *format, ...)
{
    (void)format;
}

/* One bridge, 00:1c.0, with buses 5 to 7 behind it. */
uint32_t pci_boot_read(uint16_t rid, unsigned offset)
{
    if (rid == (0x1c << 3))
        return offset == 0x0c ? 0x00010000 : offset == 0x18 ? 0x00070500 : 0;
    return rid >> 8 == 0 ? 0 : 0xffffffff;
}

/* ---- Registers ---- */

static uint32_t get32(const struct unit *u, unsigned reg)
{
    uint32_t v;
    memcpy(&v, u->regs + reg, 4);
    return v;
}

static uint64_t get64(const struct unit *u, unsigned reg)
{
    uint64_t v;
    memcpy(&v, u->regs + reg, 8);
    return v;
}

static void set32(struct unit *u, unsigned reg, uint32_t v)
{
    memcpy(u->regs + reg, &v, 4);
}

static void set64(struct unit *u, unsigned reg, uint64_t v)
{
    memcpy(u->regs + reg, &v, 8);
}

uint32_t model_read32(unsigned unit, unsigned reg)
{
    return get32(&units[unit], reg);
}

static struct unit *unit_of(const volatile void *reg, unsigned *offset)
{
    for (unsigned i = 0; i < MODEL_UNITS; i++) {
        ptrdiff_t d = (const volatile uint8_t *)reg - units[i].regs;
        if (d >= 0 && d < STRIDE) {
            *offset = (unsigned)d;
            return &units[i];
        }
    }
    abort();
}

#define RECORDS_AT 0x220

static bool is_wide(unsigned reg)
{
    return reg == 0x08 || reg == 0x10 || reg == 0x20 || reg == 0x80 ||
           reg == 0x88 || reg == 0x90 || reg == 0xb8 ||
           (reg >= RECORDS_AT && reg % 8 == 0);
}

uint32_t mmio_read32(const volatile void *reg)
{
    unsigned offset;
    struct unit *u = unit_of(reg, &offset);

    return get32(u, offset);
}

uint64_t mmio_read64(const volatile void *reg)
{
    unsigned offset;
    struct unit *u = unit_of(reg, &offset);

    if (!is_wide(offset))
        model_counts.bad_accesses++;
    return get64(u, offset);
}

static void pending_update(struct unit *u)
{
    uint32_t fsts = get32(u, 0x34) & ~2u;

    for (unsigned i = 0; i < MODEL_RECORDS; i++)
        if (u->regs[RECORDS_AT + 16 * i + 15] & 0x80)
            fsts |= 2;
    set32(u, 0x34, fsts);
}

/* A fault event is sent when the status word was quiet before. */
static void fault_log(struct unit *u, uint16_t rid, uint64_t low, bool write,
                      int reason)
{
    uint32_t before = get32(u, 0x34) & 0x73;
    unsigned at = RECORDS_AT + 16 * u->record;

    if (u->regs[at + 15] & 0x80) {
        set32(u, 0x34, get32(u, 0x34) | 1);
    } else {
        if (!(get32(u, 0x34) & 2))
            set32(u, 0x34, (get32(u, 0x34) & 0xffff00ff) | u->record << 8);
        set64(u, at, low);
        set64(u, at + 8,
              (1ull << 63) | (write ? 0 : 1ull << 62) | (uint64_t)reason << 32 |
                  rid);
        u->record = (u->record + 1) % MODEL_RECORDS;
        pending_update(u);
    }
    if (before == 0 && !(get32(u, 0x38) & 0x80000000))
        model_counts.fault_interrupts++;
}

void model_drop_fault(unsigned unit)
{
    set32(&units[unit], 0x34, get32(&units[unit], 0x34) | 1);
}

/* ---- Invalidation queue ---- */

static void caches_drop(struct unit *u, int context, int id, int rid)
{
    for (unsigned i = 0; i < CACHE; i++) {
        struct cached_context *c = &u->contexts[i];
        if (context == 1 || (context == 3 && c->rid == rid && c->id == id))
            c->valid = false;
    }
}

static void pages_drop(struct unit *u, unsigned g, uint16_t id, uint64_t first,
                       uint64_t size)
{
    for (unsigned i = 0; i < CACHE; i++) {
        struct cached_page *p = &u->pages[i];
        if (g == 1 || (g == 2 && p->id == id) ||
            (g == 3 && p->id == id && p->first < first + size &&
             first < p->first + p->size))
            p->valid = false;
    }
}

/* False: refused. */
static bool descriptor_run(struct unit *u, uint64_t low, uint64_t high)
{
    unsigned g = (low >> 4) & 3;
    uint16_t id = (uint16_t)(low >> 16);
    uint64_t cap = get64(u, 0x08);

    switch (low & 0xf) {
    case 1:
        if (g == 0 || high != 0)
            return false;
        u->unfenced = true;
        model_counts.context_device += g == 3;
        model_counts.context_all += g == 1;
        caches_drop(u, (int)g, id, (uint16_t)(low >> 32));
        return true;
    case 2:
        if (g == 0 || (low & 0xffffffff0000f100) != 0)
            return false;
        if (g == 3 &&
            (!(cap >> 39 & 1) || (high & 0x3f) > 18 || (high & 0xf80) != 0 ||
             (high & ((4096ull << (high & 0x3f)) - 4096)) != 0))
            return false;
        /* A unit may do this before the context's (VT-d 4.1, 6.5.2.11). */
        model_counts.bad_accesses += u->unfenced;
        model_counts.iotlb_all += g == 1;
        model_counts.iotlb_domain += g == 2;
        model_counts.iotlb_pages += g == 3;
        pages_drop(u, g, id, high & ~0xfffull, 4096ull << (high & 0x3f));
        return true;
    case 4:
        model_counts.entry += g & 1;
        model_counts.entries_all += !(g & 1);
        for (unsigned i = 0; i < CACHE; i++)
            if (!(g & 1) || u->entries[i].index == (uint16_t)(low >> 32))
                u->entries[i].valid = false;
        return true;
    case 5:
        model_counts.waits++;
        if ((low & 0x30) != 0x20 || (high & 3) != 0) {
            model_counts.bad_accesses++; /* QEMU ends on 0x30 */
            return false;
        }
        u->unfenced &= !(low & 0x40);
        *(uint32_t *)phys_to_virt((paddr_t){high}) = (uint32_t)(low >> 32);
        return true;
    default:
        return false;
    }
}

static void queue_run(struct unit *u)
{
    uint64_t base = get64(u, 0x90) & ~0xfffull;

    while (u->queueing && !(get32(u, 0x34) & 0x70) &&
           get64(u, 0x80) != get64(u, 0x88)) {
        uint64_t head = get64(u, 0x80);
        uint64_t low = mem_read(base + head), high = mem_read(base + head + 8);
        bool fail = failing != MODEL_FINE && fail_after == 0;
        if (failing != MODEL_FINE && fail_after > 0)
            fail_after--;
        if (fail && failing == MODEL_DEAD)
            return;
        if (fail && failing == MODEL_TLB_SILENT) {
            /* Pending waits are aborted: skip to the tail. */
            failing = MODEL_FINE;
            set64(u, 0x80, get64(u, 0x88));
            set32(u, 0x34, get32(u, 0x34) | 0x40);
            return;
        }
        if ((fail && failing != MODEL_FINE) || !descriptor_run(u, low, high)) {
            if (fail && failing == MODEL_REFUSE)
                failing = MODEL_FINE;
            set32(u, 0x34, get32(u, 0x34) | 0x10);
            return;
        }
        set64(u, 0x80, (head + 16) % 4096);
    }
}

static void command(struct unit *u, uint32_t v)
{
    uint32_t gsts = get32(u, 0x1c);

    if (v & (1u << 30)) {
        u->root = get64(u, 0x20);
        gsts |= 1u << 30;
    }
    if (v & (1u << 24)) {
        u->remap = get64(u, 0xb8);
        gsts |= 1u << 24;
    }
    if (v & (1u << 27))
        model_counts.write_flushes++;
    u->translating = v >> 31;
    u->remapping = (v >> 25) & 1;
    if (!u->queueing && ((v >> 26) & 1))
        set64(u, 0x80, 0);
    u->queueing = (v >> 26) & 1;
    gsts &= ~(1u << 31 | 1u << 26 | 1u << 25 | 1u << 23);
    gsts |= v & (1u << 31 | 1u << 26 | 1u << 25 | 1u << 23);
    set32(u, 0x1c, gsts);
}

void mmio_write32(volatile void *reg, uint32_t v)
{
    unsigned offset;
    struct unit *u = unit_of(reg, &offset);

    if (offset == 0x18) {
        command(u, v);
    } else if (offset == 0x34) {
        set32(u, 0x34, get32(u, 0x34) & ~(v & 0x71));
    } else if (offset >= RECORDS_AT) {
        if (offset % 16 != 12)
            model_counts.bad_accesses++;
        else if (v & 0x80000000)
            u->regs[offset + 3] &= 0x7f;
        pending_update(u);
    } else if (offset == 0x38 || offset == 0x3c || offset == 0x40 ||
               offset == 0x44 || offset == 0x64) {
        set32(u, offset, v);
    } else {
        model_counts.bad_accesses++;
    }
}

void mmio_write64(volatile void *reg, uint64_t v)
{
    unsigned offset;
    struct unit *u = unit_of(reg, &offset);

    if (!is_wide(offset) || offset >= RECORDS_AT)
        model_counts.bad_accesses++;
    else
        set64(u, offset, v);
    if (offset == 0x88)
        queue_run(u);
}

/* ---- Translation ---- */

static int context_get(struct unit *u, uint16_t rid, uint64_t *low,
                       uint64_t *high)
{
    for (unsigned i = 0; i < CACHE; i++) {
        struct cached_context *c = &u->contexts[i];
        if (c->valid && c->rid == rid) {
            *low = c->low;
            *high = c->high;
            return *low & 1 ? 0 : MODEL_CONTEXT_ABSENT;
        }
    }
    uint64_t root = mem_read((u->root & ~0xfffull) + (rid >> 8) * 16u);
    *low = *high = 0;
    if (!(root & 1))
        return MODEL_ROOT_ABSENT;
    uint64_t at = (root & ~0xfffull) + (rid & 0xff) * 16u;
    *low = mem_read(at);
    *high = mem_read(at + 8);
    if ((*low & 1) || (option_bits & MODEL_CACHING_MODE))
        u->contexts[u->context_next++ % CACHE] = (struct cached_context){
            true, rid, (*low & 1) ? (uint16_t)(*high >> 8) : 0, *low, *high};
    if (!(*low & 1))
        return MODEL_CONTEXT_ABSENT;
    if ((*low & 0xff0) != 0 || (*high & ~0xffff77ull) != 0)
        return MODEL_RESERVED_CONTEXT;
    if ((*low >> 2 & 3) != 0 || ((*high & 7) != 1 && (*high & 7) != 2))
        return MODEL_CONTEXT_INVALID;
    return 0;
}

static int page_walk(uint64_t low, uint64_t high, uint64_t address,
                     struct cached_page *p)
{
    int levels = (high & 7) == 1 ? 3 : 4;
    uint64_t table = low & ~0xfffull;

    if (address >> (12 + 9 * levels) != 0)
        return MODEL_BEYOND_WIDTH;
    *p = (struct cached_page){
        .id = (uint16_t)(high >> 8), .read = true, .write = true};
    for (int l = levels - 1; l >= 0; l--) {
        unsigned shift = 12 + 9 * (unsigned)l;
        uint64_t e = mem_read(table + ((address >> shift) & 511) * 8);
        p->read &= e & 1;
        p->write &= (e >> 1) & 1;
        p->size = 1ull << shift;
        p->first = address & ~(p->size - 1);
        if (!(e & 3))
            return MODEL_NO_READ;
        if (l == 0 || (e & 0x80)) {
            p->pa = e & 0x000ffffffffff000;
            if ((e & 0xff8) & ~0x80ull || p->pa & (p->size - 1))
                return MODEL_RESERVED_PAGING;
            return 0;
        }
        table = e & 0x000ffffffffff000;
    }
    return MODEL_RESERVED_PAGING;
}

static int translate(struct unit *u, uint16_t rid, uint64_t address, bool write,
                     uint64_t *pa, bool *muted)
{
    uint64_t low, high;
    struct cached_page p = {0};
    int reason = context_get(u, rid, &low, &high);

    *muted = (low >> 1) & 1;
    if (reason != 0)
        return reason;
    for (unsigned i = 0; i < CACHE && !p.valid; i++) {
        struct cached_page *c = &u->pages[i];
        if (c->valid && c->id == (uint16_t)(high >> 8) &&
            address - c->first < c->size)
            p = *c;
    }
    if (!p.valid) {
        reason = page_walk(low, high, address, &p);
        if (reason == 0 || (option_bits & MODEL_CACHING_MODE)) {
            if (reason != 0)
                p.read = p.write = false;
            p.valid = true;
            u->pages[u->page_next++ % CACHE] = p;
        }
        if (reason == MODEL_NO_READ)
            reason = write ? MODEL_NO_WRITE : MODEL_NO_READ;
        if (reason != 0)
            return reason;
    }
    if (write ? !p.write : !p.read)
        return write ? MODEL_NO_WRITE : MODEL_NO_READ;
    *pa = p.pa + (address - p.first);
    return 0;
}

int model_dma(unsigned unit, uint16_t rid, uint64_t address, bool write,
              uint64_t *pa)
{
    struct unit *u = &units[unit];
    bool muted = false;

    if (!u->translating) {
        *pa = address;
        return 0;
    }
    int reason = translate(u, rid, address, write, pa, &muted);
    if (reason != 0 && !muted)
        fault_log(u, rid, address & ~0xfffull, write, reason);
    return reason;
}

static int entry_get(struct unit *u, uint16_t index, uint64_t *low,
                     uint64_t *high)
{
    for (unsigned i = 0; i < CACHE; i++) {
        if (u->entries[i].valid && u->entries[i].index == index) {
            *low = u->entries[i].low;
            *high = u->entries[i].high;
            return *low & 1 ? 0 : MODEL_ENTRY_ABSENT;
        }
    }
    if (index >= 2u << (u->remap & 0xf))
        return MODEL_INDEX_BEYOND;
    *low = mem_read((u->remap & ~0xfffull) + index * 16u);
    *high = mem_read((u->remap & ~0xfffull) + index * 16u + 8);
    if ((*low & 1) || (option_bits & MODEL_CACHING_MODE))
        u->entries[u->entry_next++ % CACHE] =
            (struct cached_entry){true, index, *low, *high};
    return *low & 1 ? 0 : MODEL_ENTRY_ABSENT;
}

int model_msi(unsigned unit, uint16_t rid, uint64_t address, uint32_t data,
              uint8_t *vector, uint32_t *apic_id)
{
    struct unit *u = &units[unit];
    uint64_t low = 0, high = 0;

    if (!u->remapping)
        return 0;
    uint16_t index =
        (uint16_t)(((address >> 5) & 0x7fff) | ((address >> 2) & 1) << 15);
    if (address & 8)
        index = (uint16_t)(index + data);
    int reason =
        address & 0x10 ? entry_get(u, index, &low, &high) : MODEL_COMPATIBILITY;
    if (reason == 0 && ((low & 0xff00f000) != 0 || (high >> 20) != 0))
        reason = MODEL_RESERVED_ENTRY;
    if (reason == 0 && (high >> 18 & 3) == 1 &&
        ((high >> 16 & 3) != 0 || (uint16_t)high != rid))
        reason = MODEL_BAD_SOURCE;
    if (reason != 0) {
        if (!(low & 2))
            fault_log(u, rid, (uint64_t)index << 48, false, reason);
        return reason;
    }
    *vector = (uint8_t)(low >> 16);
    *apic_id =
        u->remap & 0x800 ? (uint32_t)(low >> 32) : (uint32_t)(low >> 40) & 0xff;
    return 0;
}

/* ---- Set-up ---- */

void model_fail(enum model_failure failure, unsigned after)
{
    failing = failure;
    fail_after = after;
}

void model_reset(unsigned n, unsigned options)
{
    if (arena == NULL) {
        arena = aligned_alloc(4096, ARENA_PAGES * 4096);
        behind = aligned_alloc(4096, ARENA_PAGES * 4096);
    }
    /* Pages are zeroed when they are given out. */
    if (!(options & MODEL_COHERENT))
        memset(behind, 0xdd, ARENA_PAGES * 4096);
    arena_used = 0;
    option_bits = options;
    failing = MODEL_FINE;
    model_counts = (struct model_counts){0};
    memset(units, 0, sizeof(units));
    for (unsigned i = 0; i < n; i++) {
        struct unit *u = &units[i];
        uint64_t cap = 0x00d2000c222f0006ull | (uint64_t)(MODEL_RECORDS - 1)
                                                   << 40;
        cap |= options & MODEL_LEVELS_3_ONLY ? 0x200 : 0x600;
        cap |= options & MODEL_CACHING_MODE ? 0x80 : 0;
        cap |= options & MODEL_WRITE_BUFFER ? 0x10 : 0;
        cap |= options & MODEL_NO_PAGE_SELECT ? 0 : 1ull << 39;
        if (options & MODEL_NO_LARGE)
            cap &= ~(3ull << 34);
        set32(u, 0x00, 0x10);
        set64(u, 0x08, cap);
        set64(u, 0x10,
              0xf00f40 | (options & MODEL_COHERENT ? 1 : 0) |
                  (options & MODEL_NO_QUEUE ? 0 : 2) |
                  (options & MODEL_NO_REMAP ? 0 : 8) |
                  (options & MODEL_NO_X2APIC ? 0 : 16));
        set32(u, 0x38, 0x80000000);
        if (options & MODEL_FIRMWARE_ON) {
            set64(u, 0x80, 0x40);
            set64(u, 0x88, 0x40);
            command(u, 1u << 31 | 1u << 26 | 1u << 25 | 1u << 23);
        }
    }
}

/* ---- The table that describes the units ---- */

size_t model_dmar(uint8_t *out, unsigned n)
{
    /* Endpoint 00:04.0; bridge 00:1c.0; I/O APIC 9 at f0:1f.0. */
    static const uint8_t scopes[] = {
        1, 8, 0,    0, 0, 0, 4, 0, 2, 8,    0,    0,
        0, 0, 0x1c, 0, 3, 8, 0, 0, 9, 0xf0, 0x1f, 0,
    };
    static const uint8_t rmrr[] = {
        1, 0, 24, 0, 0,    0,    0,    0, 0, 0, 0xd0, 0,
        0, 0, 0,  0, 0xff, 0xff, 0xd0, 0, 0, 0, 0,    0,
    };
    size_t size = 48;

    memset(out, 0, 48);
    memcpy(out, "DMAR", 4);
    out[36] = 47;
    out[37] = 1;
    for (unsigned i = 0; i < n; i++) {
        uint64_t base = MODEL_BASE + i * STRIDE;
        size_t extra = i == 0 ? sizeof(scopes) : 0;
        uint8_t *p = out + size;
        memset(p, 0, 16);
        p[2] = (uint8_t)(16 + extra);
        p[4] = i > 0 && i == n - 1;
        memcpy(p + 8, &base, 8);
        memcpy(p + 16, scopes, extra);
        size += 16 + extra;
    }
    memcpy(out + size, rmrr, sizeof(rmrr));
    size += sizeof(rmrr);
    uint32_t length = (uint32_t)size;
    memcpy(out + 4, &length, 4);
    uint8_t sum = 0;
    for (size_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + out[i]);
    out[9] = (uint8_t)(out[9] - sum);
    return size;
}
