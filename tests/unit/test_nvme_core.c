/*
 * The NVMe core against a software controller: start, transfers of every
 * shape, and everything that can go wrong.
 *
 * links: drivers/nvme/command.c drivers/nvme/identify.c drivers/nvme/queue.c
 * links: drivers/nvme/controller.c drivers/nvme/request.c
 * links: drivers/nvme/recovery.c tests/model/nvme_model.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "drivers/nvme/request.h"
#include "tests/model/nvme_model.h"

struct bench {
    struct nvme_model m;
    struct nvme_controller c;
};

static int setup(void **state)
{
    struct bench *b = calloc(1, sizeof(*b));

    model_init(&b->m);
    *state = b;
    return 0;
}

/* Whatever happened, the driver kept to the specification. */
static int teardown(void **state)
{
    struct bench *b = *state;
    uint32_t violations = b->m.violations;

    model_free(&b->m);
    free(b);
    return violations == 0 ? 0 : -1;
}

static void start(struct bench *b)
{
    if (!controller_start(&b->c, &b->m.platform, 2))
        fail_msg("%s", b->c.error);
}

static struct nvme_request request(struct bench *b, unsigned ns, uint8_t opcode,
                                   uint64_t lba, uint32_t blocks, iova_t data)
{
    return (struct nvme_request){
        .ns = &b->c.namespaces[ns],
        .lba = lba,
        .blocks = blocks,
        .data = data,
        .opcode = opcode,
    };
}

static bool nobody(const struct nvme_request *r, void *context)
{
    (void)r;
    (void)context;
    return false;
}

static void no_blame(const struct nvme_request *r, void *context)
{
    assert_int_equal(r->status, BLOCK_E_FAULT);
    (void)context;
}

/* One request from submit to its end, with time going on. */
static struct nvme_request *finish(struct bench *b)
{
    struct nvme_request *r;

    for (unsigned i = 0; i < 100000; i++) {
        for (uint32_t q = 0; q < b->c.queue_count; q++) {
            request_pump(&b->c, q);
            request_complete(&b->c, q);
        }
        r = request_take(&b->c);
        if (r)
            return r;
        b->m.time += 100000000;
        request_check(&b->c);
    }
    fail_msg("a request never ended");
    return NULL;
}

static void starts(void **state)
{
    struct bench *b = *state;

    start(b);
    assert_string_equal(b->c.identity.model, "Model ? disk");
    assert_string_equal(b->c.identity.serial, "M0DEL");
    assert_int_equal(b->c.identity.max_transfer, 128 << 10);
    assert_int_equal(b->c.namespace_count, 2);
    assert_int_equal(b->c.namespaces[1].nsid, 5);
    assert_int_equal(b->c.namespaces[1].block_bits, 12);
    assert_int_equal(b->c.queue_count, 2);
    assert_int_equal(b->m.queues[1].vector, 1);
    assert_int_equal(b->m.queues[2].vector, 2);
    controller_shutdown(&b->c);
}

/* Splitting by MDTS, both block sizes, unaligned data, more than the queue
 * holds: what arrives is what lies on the disk. */
static void reads_all_shapes(void **state)
{
    static const uint32_t offsets[] = {0, 512, 4};
    static const uint32_t sizes[] = {1, 8, 9, 255, 256, 257, 1000, 2048};
    struct bench *b = *state;
    struct nvme_memory data;

    start(b);
    data = model_buffer(&b->m, (1 << 20) + 4096);
    for (unsigned o = 0; o < 3; o++)
        for (unsigned s = 0; s < 8; s++) {
            iova_t at = {data.iova.v + offsets[o]};
            struct nvme_request r = request(b, 0, NVM_READ, 13, sizes[s], at);

            memset(data.address, 0, 1 << 20);
            request_submit(&b->c, &r);
            assert_ptr_equal(finish(b), &r);
            assert_int_equal(r.status, BLOCK_OK);
            assert_memory_equal((uint8_t *)data.address + offsets[o],
                                b->m.disk + 13 * 512, sizes[s] * 512u);
        }
    assert_true(b->m.largest <= 128 << 10);
    assert_int_equal(b->c.strays, 0);
}

static void writes_and_flushes(void **state)
{
    struct bench *b = *state;
    struct nvme_memory data;
    struct nvme_request w, f;

    start(b);
    data = model_buffer(&b->m, 1 << 20);
    memset(data.address, 0x3c, 1 << 20);
    w = request(b, 1, NVM_WRITE, 3, 100, data.iova);
    request_submit(&b->c, &w);
    assert_ptr_equal(finish(b), &w);
    f = request(b, 1, NVM_FLUSH, 0, 0, (iova_t){0});
    request_submit(&b->c, &f);
    assert_ptr_equal(finish(b), &f);
    assert_int_equal(f.status, BLOCK_OK);
    assert_int_equal(b->m.flushes, 1);
    assert_int_equal(b->m.disk[(4u << 20) + 3 * 4096 - 1] == 0x3c, 0);
    assert_memory_equal(b->m.disk + (4u << 20) + 3 * 4096, data.address,
                        100 * 4096);
}

/* More requests than slots: all come back, in one doorbell a batch. */
static void queues_more_than_slots(void **state)
{
    struct bench *b = *state;
    struct nvme_memory data;
    struct nvme_request r[200];
    uint32_t bells, ended = 0;

    start(b);
    data = model_buffer(&b->m, 4096);
    bells = b->m.doorbells;
    b->m.hold = true;
    for (unsigned i = 0; i < 200; i++) {
        r[i] = request(b, 0, NVM_READ, i, 1, data.iova);
        request_submit(&b->c, &r[i]);
    }
    request_pump(&b->c, 0);
    assert_int_equal(b->m.doorbells, bells + 1);
    while (request_pending(&b->c)) {
        model_run(&b->m);
        request_complete(&b->c, 0);
        request_pump(&b->c, 0);
        while (request_take(&b->c))
            ended++;
    }
    assert_int_equal(ended, 200);
    assert_int_equal(b->m.commands, 200);
    assert_int_equal(b->m.doorbells, bells + 8); /* 4 batches of 2 bells */
}

static void errors_have_meanings(void **state)
{
    static const struct {
        uint16_t status;
        enum block_status meaning;
    } cases[] = {
        {SC_LBA_RANGE << 1, BLOCK_E_RANGE},
        {SC_WRITE_PROTECTED << 1, BLOCK_E_READ_ONLY},
        {SC_DATA_TRANSFER << 1, BLOCK_E_FAULT},
        {SCT_MEDIA << 9 | 0x81 << 1, BLOCK_E_MEDIA},
        {SCT_COMMAND << 9 | 0x82 << 1, BLOCK_E_DEVICE},
        {SC_INVALID_OPCODE << 1 | STATUS_DNR, BLOCK_E_DEVICE},
    };
    struct bench *b = *state;
    struct nvme_memory data;

    start(b);
    data = model_buffer(&b->m, 1 << 20);
    for (unsigned i = 0; i < 6; i++) {
        struct nvme_request r = request(b, 0, NVM_READ, 0, 2048, data.iova);

        b->m.fail_count = 1; /* one part of eight */
        b->m.fail_status = cases[i].status;
        request_submit(&b->c, &r);
        assert_ptr_equal(finish(b), &r);
        assert_int_equal(r.status, cases[i].meaning);
        assert_int_equal(r.detail & 0xff, STATUS_SC(cases[i].status));
        assert_false(request_pending(&b->c));
    }
}

/* A lost command is aborted. */
static void aborts_late_command(void **state)
{
    struct bench *b = *state;
    struct nvme_request r;

    start(b);
    b->m.drop = 1;
    r = request(b, 0, NVM_READ, 0, 1, model_buffer(&b->m, 4096).iova);
    request_submit(&b->c, &r);
    assert_ptr_equal(finish(b), &r);
    assert_int_equal(r.status, BLOCK_E_TIMEOUT);
    assert_int_equal(b->m.aborts, 1);
    assert_int_equal(b->c.resets, 0);
}

/* A busy queue that goes on is given time: the one that is overtaken for ever
 * is aborted all the same, in half a minute. */
static void is_patient_while_others_complete(void **state)
{
    struct bench *b = *state;
    struct nvme_request lost, other, *done;
    iova_t data;
    unsigned seconds = 0;

    start(b);
    data = model_buffer(&b->m, 4096).iova;
    b->m.drop = 1;
    lost = request(b, 0, NVM_READ, 0, 1, data);
    request_submit(&b->c, &lost);
    request_pump(&b->c, 0);
    for (;; seconds++) {
        other = request(b, 0, NVM_READ, 1, 1, data);
        request_submit(&b->c, &other);
        request_pump(&b->c, 0);
        request_complete(&b->c, 0);
        b->m.time += 1000000000;
        request_check(&b->c);
        request_complete(&b->c, 0);
        done = request_take(&b->c);
        assert_ptr_equal(done, &other);
        done = request_take(&b->c);
        if (done)
            break;
        assert_true(seconds < 60);
    }
    assert_ptr_equal(done, &lost);
    assert_int_equal(lost.status, BLOCK_E_TIMEOUT);
    assert_int_equal(b->m.aborts, 1);
    assert_int_equal(seconds, 30); /* since it was first looked at */
}

/* When abort does not help the controller is reset, and the request, and
 * others in flight with it, are issued again and succeed. */
static void resets_and_reissues(void **state)
{
    struct bench *b = *state;
    struct nvme_memory data;
    struct nvme_request r[3];

    start(b);
    data = model_buffer(&b->m, 1 << 20);
    b->m.drop = 2;
    b->m.refuse_abort = true;
    for (unsigned i = 0; i < 3; i++) {
        r[i] = request(b, 0, NVM_READ, 8 * i, 1, data.iova);
        request_submit(&b->c, &r[i]);
    }
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(finish(b)->status, BLOCK_OK);
    assert_int_equal(b->c.resets, 1);
    assert_int_equal(b->m.resets, 1);
}

/* One that never completes ends all the same. */
static void gives_up_in_the_end(void **state)
{
    struct bench *b = *state;
    struct nvme_request r;

    start(b);
    b->m.drop = ~0u;
    b->m.refuse_abort = true;
    r = request(b, 0, NVM_READ, 0, 1, model_buffer(&b->m, 4096).iova);
    request_submit(&b->c, &r);
    assert_ptr_equal(finish(b), &r);
    assert_int_equal(r.status, BLOCK_E_TIMEOUT);
    assert_int_equal(b->c.resets, REQUEST_RETRIES + 1);
}

static void survives_fatal_status(void **state)
{
    struct bench *b = *state;
    struct nvme_request r;

    start(b);
    b->m.hold = true;
    r = request(b, 0, NVM_READ, 0, 1, model_buffer(&b->m, 4096).iova);
    request_submit(&b->c, &r);
    request_pump(&b->c, 0);
    b->m.csts |= CSTS_CFS;
    b->m.hold = false;
    assert_ptr_equal(finish(b), &r);
    assert_int_equal(r.status, BLOCK_OK);
    assert_int_equal(b->c.resets, 1);
}

/* Requests in flight, waiting, and new ones: all are told that it has gone. */
static void notices_vanished_controller(void **state)
{
    struct bench *b = *state;
    struct nvme_memory data;
    struct nvme_request r[100];

    start(b);
    data = model_buffer(&b->m, 4096);
    b->m.hold = true;
    for (unsigned i = 0; i < 99; i++) {
        r[i] = request(b, 0, NVM_READ, i, 1, data.iova);
        request_submit(&b->c, &r[i]);
    }
    request_pump(&b->c, 0);
    b->m.gone = true;
    for (unsigned i = 0; i < 99; i++)
        assert_int_equal(finish(b)->status, BLOCK_E_GONE);
    r[99] = request(b, 0, NVM_READ, 0, 1, data.iova);
    request_submit(&b->c, &r[99]);
    assert_int_equal(finish(b)->status, BLOCK_E_GONE);
    assert_false(request_pending(&b->c));
}

/* R6: a completion with success is not believed when a fault was reported;
 * who was not the cause gets the data from a second try. */
static bool is_tag_1(const struct nvme_request *r, void *context)
{
    (void)context;
    return r->tag == 1;
}

static void distrusts_after_fault(void **state)
{
    struct bench *b = *state;
    struct nvme_memory data;
    struct nvme_request r[2];

    start(b);
    data = model_buffer(&b->m, 8192);
    b->m.blocked = data.iova.v;
    b->m.blocked_count = 1;
    for (unsigned i = 0; i < 2; i++) {
        r[i] = request(b, 0, NVM_READ, 9, 8, (iova_t){data.iova.v + 4096 * i});
        r[i].tag = i + 1;
        request_submit(&b->c, &r[i]);
    }
    request_pump(&b->c, 0);
    memset(data.address, 0xee, 8192); /* as if the second had not come too */
    request_complete(&b->c, 0);
    assert_int_equal(b->m.faults, 1);
    request_fault(&b->c, is_tag_1, no_blame, NULL);
    assert_ptr_equal(finish(b), &r[0]);
    assert_int_equal(r[0].status, BLOCK_E_FAULT);
    assert_ptr_equal(finish(b), &r[1]);
    assert_int_equal(r[1].status, BLOCK_OK);
    assert_memory_equal((uint8_t *)data.address + 4096, b->m.disk + 9 * 512,
                        4096);
}

/* A split request, one part of which was in a batch with a fault, while other
 * parts still wait: it starts over as a whole. */
static void distrusts_split_request(void **state)
{
    struct bench *b = *state;
    struct nvme_memory data;
    struct nvme_request big, small[62];

    start(b);
    data = model_buffer(&b->m, 1 << 20);
    b->m.hold = true;
    for (unsigned i = 0; i < 62; i++) {
        small[i] = request(b, 0, NVM_READ, 0, 1, data.iova);
        request_submit(&b->c, &small[i]);
    }
    big = request(b, 0, NVM_READ, 0, 2048, data.iova);
    request_submit(&b->c, &big);
    request_pump(&b->c, 0); /* one part of big is issued */
    b->m.blocked = data.iova.v + 4096;
    b->m.blocked_count = 1;
    model_run(&b->m);
    assert_int_equal(b->m.faults, 1);
    request_complete(&b->c, 0);
    request_fault(&b->c, nobody, no_blame, NULL);
    b->m.hold = false;
    for (unsigned i = 0; i < 63; i++)
        assert_int_equal(finish(b)->status, BLOCK_OK);
    assert_memory_equal(data.address, b->m.disk, 1 << 20);
}

/* Nobody knows where the faults were, and one request faults each time: it is
 * found by running the suspects alone; the others succeed, in both queues. */
static void finds_the_guilty(void **state)
{
    struct bench *b = *state;
    struct nvme_memory data;
    struct nvme_request r[40];
    unsigned failed = 0, ended = 0;
    uint32_t faults = 0;

    start(b);
    data = model_buffer(&b->m, 40 * 4096);
    b->m.blocked = data.iova.v + 17 * 4096;
    b->m.blocked_count = ~0u;
    for (unsigned i = 0; i < 40; i++) {
        r[i] =
            request(b, 0, NVM_READ, 8 * i, 8, (iova_t){data.iova.v + 4096 * i});
        r[i].queue = i & 1;
        request_submit(&b->c, &r[i]);
    }
    for (unsigned round = 0; round < 200; round++) {
        struct nvme_request *done;

        for (uint32_t q = 0; q < 2; q++)
            request_complete(&b->c, q);
        if (b->m.faults != faults)
            request_fault(&b->c, nobody, no_blame, NULL);
        faults = b->m.faults;
        while ((done = request_take(&b->c)) != NULL) {
            failed += done->status != BLOCK_OK;
            assert_true((done == &r[17]) == (done->status == BLOCK_E_FAULT));
            ended++;
        }
        for (uint32_t q = 0; q < 2; q++)
            request_pump(&b->c, q);
    }
    assert_int_equal(ended, 40);
    assert_int_equal(failed, 1);
    assert_int_equal(b->c.suspects, 0);
    for (unsigned i = 0; i < 40; i++)
        if (i != 17)
            assert_memory_equal((uint8_t *)data.address + 4096 * i,
                                b->m.disk + 4096 * i, 4096);
}

/* The device answers what nobody asked: no crash, no acknowledgement. */
static void ignores_forged_completions(void **state)
{
    static const uint16_t ids[] = {0, 62, 63, 64, 0x7fff, 0xffff};
    struct bench *b = *state;

    start(b);
    for (unsigned i = 0; i < 6; i++)
        model_forge(&b->m, 1, ids[i]);
    assert_int_equal(request_complete(&b->c, 0), 6);
    assert_int_equal(b->c.strays, 6);
    assert_null(request_take(&b->c));
}

static void refuses(struct bench *b, const char *part)
{
    assert_false(controller_start(&b->c, &b->m.platform, 2));
    if (!strstr(b->c.error, part))
        fail_msg("\"%s\" does not say \"%s\"", b->c.error, part);
}

static void refuses_what_it_cannot_drive(void **state)
{
    struct bench *b = *state;

    b->m.gone = true;
    refuses(b, "all ones");
    b->m.gone = false;
    b->m.version = 0;
    refuses(b, "version");
    b->m.version = 0x10400;
    b->m.cap_high = 0;
    refuses(b, "CAP.CSS");
    b->m.cap_high = 1u << 5 | 1u << 16;
    refuses(b, "8 KiB");
    b->m.cap_high = 1u << 5;
    b->m.deaf = true;
    refuses(b, "within 2000 ms");
    b->m.deaf = false;
    b->m.dead_admin = true;
    refuses(b, "no answer to Identify Controller within 5 s");
    b->m.dead_admin = false;
    b->m.arena_used = MODEL_ARENA - 16384;
    refuses(b, "DMA memory");
}

static void leaves_strange_namespaces_out(void **state)
{
    struct bench *b = *state;

    b->m.namespace_count = 3;
    b->m.namespaces[0].metadata = 8;
    b->m.namespaces[2] = (struct model_namespace){9, 20, 0, 0, 100};
    start(b);
    assert_int_equal(b->c.namespace_count, 1);
    assert_int_equal(b->c.namespaces[0].nsid, 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(starts),
        TEST(reads_all_shapes),
        TEST(writes_and_flushes),
        TEST(queues_more_than_slots),
        TEST(errors_have_meanings),
        TEST(aborts_late_command),
        TEST(is_patient_while_others_complete),
        TEST(resets_and_reissues),
        TEST(gives_up_in_the_end),
        TEST(survives_fatal_status),
        TEST(notices_vanished_controller),
        TEST(distrusts_after_fault),
        TEST(distrusts_split_request),
        TEST(finds_the_guilty),
        TEST(ignores_forged_completions),
        TEST(refuses_what_it_cannot_drive),
        TEST(leaves_strange_namespaces_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
