/*
 * An object that does not lie in its Untyped alone is the end of everything
 * (R8): a Frame that overlaps a capability table lets the attacker write a
 * capability by hand, here of the victim's frame, and map that. It tries to
 * carve beyond the end and over what is there, in each way that the operation
 * offers, and knows what to do if one works.
 */
#include "tests/attack/attack.h"

#define SMALL_BYTES PAGE_SIZE
#define TABLE_BITS  4

/* As the kernel has them (kernel/object.h, captable.h, platform.h). */
#define DIRECT_BASE 0xffff800000000000ul
struct kernel_cap {
    uint64_t word, data;
    uint64_t next, previous;
    uint16_t depth;
    uint8_t flags, bits;
    uint32_t unused;
    uint64_t space, map_next, map_previous;
};
struct kernel_table {
    uint64_t head[2];
    uint64_t count;
    uint64_t pad[5];
    struct kernel_cap slots[1u << TABLE_BITS];
};
_Static_assert(sizeof(struct kernel_cap) == 64, "one cache line");

static cap_t arena, small, table;

static uint64_t carve(cap_t from, enum cap_type type, uint64_t size,
                      uint64_t count, cap_t slot, uint64_t offset)
{
    return untyped_retype(from, type, size, count, 0, slot, offset).status;
}

static void must(const char *what, uint64_t status)
{
    if (status != OK)
        attack_error(what, status);
}

/* An Untyped of one page, with a capability table right behind it. */
static void lay_out(void)
{
    uint64_t status;

    arena = object_make(CAP_UNTYPED, 16, &status);
    must("arena", status);
    small = slot_alloc();
    table = slot_alloc();
    must("small", carve(arena, CAP_UNTYPED, SMALL_BYTES, 1, small, 0));
    must("table", carve(arena, CAP_CAPTABLE, TABLE_BITS, 1, table, 0));
}

static void write_capability(struct kernel_table *page, uint64_t physical,
                             uint64_t target)
{
    struct kernel_cap *slot = &page->slots[1];
    uint64_t self =
        DIRECT_BASE + physical + ((uintptr_t)slot - (uintptr_t)page);

    page->count = 1u << TABLE_BITS;
    *slot = (struct kernel_cap){
        .word = CAP_FRAME | (RIGHT_READ | RIGHT_WRITE) << 8 |
                (DIRECT_BASE + target) << 16,
        .next = self,
        .previous = self,
        .depth = 1,
        .bits = PAGE_BITS,
    };
}

static uint64_t target;

/* This Frame lies over the table. */
static void use(cap_t frame)
{
    cap_t stolen = slot_alloc();
    struct memory page, prize;

    must("map it",
         memory_map(frame, 1, PAGE_BITS, MAP_READ | MAP_WRITE, &page));
    write_capability(page.address,
                     space_lookup(STARTUP_SPACE, (uintptr_t)page.address).r[1],
                     target);
    must("copy", captable_copy(STARTUP_CAPTABLE, stolen, table, 1,
                               RIGHT_READ | RIGHT_WRITE, 0)
                     .status);
    must("map the victim's page",
         memory_map(stolen, 1, PAGE_BITS, MAP_READ | MAP_WRITE, &prize));
    memset((char *)prize.address + 64, PATTERN, 64);
}

/* If it worked, `frame` lies over the table, or 0: that is all. */
static void tell(const char *how, uint64_t status, cap_t frame)
{
    say("%s%s: %s", status == OK ? "breach: " : "", how, status_text(status));
    if (status != OK)
        return;
    if (frame != 0)
        use(frame);
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}

int main(void)
{
    cap_t frames;

    attack_open();
    lay_out();
    frames = slot_alloc_run(2);
    say("ready");
    clock_sleep(300 * NS_PER_MS); /* the victim writes its page */
    target = ask("target");
    tell("over the table", carve(arena, CAP_FRAME, 12, 1, frames, SMALL_BYTES),
         frames);
    tell("beyond the end", carve(small, CAP_FRAME, 12, 1, frames, SMALL_BYTES),
         frames);
    tell("far beyond", carve(small, CAP_FRAME, 12, 1, frames, 1ul << 63), 0);
    tell("so large that it wraps",
         carve(small, CAP_FRAME, PAGE_1G_BITS, 512, frames, 0), 0);
    tell("a larger Untyped",
         carve(small, CAP_UNTYPED, 2 * SMALL_BYTES, 1, frames, 0), 0);
    tell("across the end", carve(small, CAP_FRAME, 12, 2, frames, 0),
         frames + 1);
    say("done");
    clock_sleep_until(DEADLINE_NEVER);
}
