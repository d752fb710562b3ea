/*
 * The same with 10, 1,000 and 100,000 capabilities and mappings alive: copies
 * of one Frame, all mapped into this address space and kept in a table of
 * their own. What is measured does not concern them, so it should cost the
 * same; revoking them all should cost the same for each.
 */
#include "bench.h"

#define PEER        0
#define CROWD_AT    0x100000000ul
#define AT          0x70000000ul
#define TABLE_BITS  17
#define DONATION    0x100000ul
#define BATCH       500
#define ORIGINAL    FRAMES
#define SUBJECT     (FRAMES + 1)
#define SCRATCH     (FRAMES + 2) /* BATCH slots from here */
#define NAME_LENGTH 40

static void server(void)
{
    struct result r = send_message(OP_ENDPOINT_RECEIVE, ENDPOINT, 0, 0, 0,
                                   REPLY, DEADLINE_NEVER);

    for (;;)
        r = kernel_invoke(OP_REPLY_RECEIVE, ENDPOINT, 0, r.r[1], r.r[2], 0, 0,
                          REPLY, DEADLINE_NEVER);
}

static void crowd_make(uint64_t count)
{
    for (uint64_t made = 0; made < count;) {
        uint64_t batch = count - made < BATCH ? count - made : BATCH;

        for (uint64_t i = 0; i < batch; i++)
            check("copy",
                  captable_copy(SLOT_CAPTABLE, SCRATCH + i, 0, ORIGINAL,
                                RIGHT_READ, 0)
                      .status,
                  OK);
        check("map",
              space_map(SLOT_SPACE, SCRATCH, batch, CROWD_AT + made * PAGE_SIZE,
                        MAP_READ)
                  .status,
              OK);
        for (uint64_t i = 0; i < batch; i++)
            check("move",
                  captable_move(TABLE, 1 + made + i, 0, SCRATCH + i).status,
                  OK);
        made += batch;
    }
}

/* "call-with-" and the number. */
static const char *name_of(char *text, const char *what, const char *number)
{
    char *at = text;

    while (*what)
        *at++ = *what++;
    while (*number)
        *at++ = *number++;
    *at = 0;
    return text;
}

static void measure_call(const char *name)
{
    struct figure figure;

    figure_start(&figure, name);
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start = cycles(), stop;

        kernel_invoke(OP_ENDPOINT_CALL, ENDPOINT, TAG(0, 0, 0), 0, 0, 0, 0, 0,
                      DEADLINE_NEVER);
        stop = cycles();
        figure_add(&figure, start, stop);
    }
    figure_end(&figure, 1);
}

static void measure_map(cap_t frame, const char *map_name,
                        const char *unmap_name)
{
    struct figure map, unmap;

    figure_start(&map, map_name);
    figure_start(&unmap, unmap_name);
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start = cycles(), stop, status;

        status = space_map(SLOT_SPACE, frame, 1, AT, MAP_READ).status;
        stop = cycles();
        check("map", status, OK);
        figure_add(&map, start, stop);
        start = cycles();
        status = space_unmap(SLOT_SPACE, frame, 1).status;
        stop = cycles();
        check("unmap", status, OK);
        figure_add(&unmap, start, stop);
    }
    figure_end(&map, 1);
    figure_end(&unmap, 1);
}

/* Of a Frame with one mapped copy. */
static void measure_revoke(cap_t frame, const char *name)
{
    struct figure figure;

    figure_start(&figure, name);
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start, stop, status;

        captable_copy(SLOT_CAPTABLE, SCRATCH, 0, frame, RIGHT_READ, 0);
        check("map", space_map(SLOT_SPACE, SCRATCH, 1, AT, MAP_READ).status,
              OK);
        start = cycles();
        status = captable_revoke(SLOT_CAPTABLE, frame).status;
        stop = cycles();
        check("revoke", status, OK);
        figure_add(&figure, start, stop);
    }
    figure_end(&figure, 1);
}

/* A copy of what has so many copies already. */
static void measure_copy(const char *name)
{
    struct figure figure;

    figure_start(&figure, name);
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start = cycles(), stop;

        captable_copy(SLOT_CAPTABLE, SCRATCH, 0, ORIGINAL, RIGHT_READ, 0);
        captable_delete(SLOT_CAPTABLE, SCRATCH);
        stop = cycles();
        figure_add(&figure, start, stop);
    }
    figure_end(&figure, 1);
}

/* One round, for there is one crowd. */
static void measure_revoke_all(const char *name, uint64_t count)
{
    struct figure figure;
    uint64_t start, stop, status;

    figure_start(&figure, name);
    start = cycles();
    status = captable_revoke(SLOT_CAPTABLE, ORIGINAL).status;
    stop = cycles();
    check("revoke all", status, OK);
    for (int i = 0; i < 5; i++)
        figure_add(&figure, start, stop);
    figure_end(&figure, count);
}

static void bench_with(uint64_t count, const char *number)
{
    char one[NAME_LENGTH], two[NAME_LENGTH];

    crowd_make(count);
    measure_call(name_of(one, "call-with-", number));
    measure_map(SUBJECT, name_of(one, "map-with-", number),
                name_of(two, "unmap-with-", number));
    measure_revoke(SUBJECT, name_of(one, "revoke-one-with-", number));
    measure_copy(name_of(one, "copy-and-delete-with-", number));
    measure_revoke_all(name_of(one, "revoke-each-of-", number), count);
}

void bench_scaling(void)
{
    frames_make(2);
    check("table",
          untyped_retype(ram, CAP_CAPTABLE, TABLE_BITS, 1, 0, TABLE, 0).status,
          OK);
    check("memory for tables",
          untyped_retype(ram, CAP_UNTYPED, DONATION, 1, 0, TABLE_MEMORY, 0)
              .status,
          OK);
    check("donate", space_donate(SLOT_SPACE, TABLE_MEMORY).status, OK);
    check("endpoint",
          untyped_retype(ram, CAP_ENDPOINT, 0, 1, 0, ENDPOINT, 0).status, OK);
    check("reply", untyped_retype(ram, CAP_REPLY, 0, 1, 0, REPLY, 0).status,
          OK);
    peer_start(PEER, server, 251, 0, 0);
    bench_with(10, "10");
    bench_with(1000, "1000");
    bench_with(100000, "100000");
    worker_end(PEER);
    check("delete", captable_delete(SLOT_CAPTABLE, TABLE).status, OK);
    frames_delete(2);
}
