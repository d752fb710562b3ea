/*
 * Fuzz what a hostile controller and a hostile client say: identify data,
 * completion entries in any order and number, ring entries. Requests in flight
 * must end once each, and nothing may touch memory out of bounds.
 *
 * links: drivers/nvme/command.c drivers/nvme/identify.c drivers/nvme/queue.c
 * links: drivers/nvme/controller.c drivers/nvme/request.c
 * links: drivers/nvme/recovery.c drivers/nvme/entry.c tests/model/nvme_model.c
 */
#include <stdlib.h>
#include <string.h>

#include "drivers/nvme/entry.h"
#include "tests/model/nvme_model.h"

#define REQUESTS 16u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_identify(const uint8_t *data, size_t size)
{
    uint8_t page[NVME_DATA_BYTES] = {0};
    struct nvme_identity identity;
    struct nvme_namespace ns;
    uint32_t nsids[NVME_NAMESPACES];

    /* The interesting fields are near the start or at 512. */
    memcpy(page, data, size < 256 ? size : 256);
    if (size > 256)
        memcpy(page + 512, data + 256, size - 256 < 64 ? size - 256 : 64);
    identify_controller(page, &identity);
    if (identity.max_transfer < NVME_PAGE ||
        identity.max_transfer > NVME_TRANSFER_MAX ||
        strlen(identity.model) > 40)
        abort();
    if (!identify_namespace(page, 1, &ns) &&
        (ns.block_bits < 9 || ns.block_bits > 12 || ns.blocks == 0))
        abort();
    if (identify_list(page, nsids, NVME_NAMESPACES) > NVME_NAMESPACES)
        abort();
}

static bool guilty(const struct nvme_request *r, void *context)
{
    return ((uintptr_t)context & r->tag) != 0;
}

static void blame(const struct nvme_request *r, void *context)
{
    (void)context;
    if (r->status != BLOCK_E_FAULT)
        abort();
}

/* Each byte is one thing that the world does next. */
static void fuzz_completions(const uint8_t *data, size_t size)
{
    static struct nvme_model m;
    static struct nvme_controller c;
    struct nvme_request requests[REQUESTS] = {0};
    bool busy[REQUESTS] = {false};
    struct nvme_request *r;
    struct nvme_memory memory;

    if (m.arena)
        model_renew(&m);
    else
        model_init(&m);
    if (!controller_start(&c, &m.platform, 2))
        abort();
    memory = model_buffer(&m, 512 << 10);
    m.hold = true;
    for (size_t i = 0; i < size; i++) {
        uint8_t what = data[i] >> 4, which = data[i] & 15;

        if (what < 4 && !busy[which]) {
            requests[which] = (struct nvme_request){
                .ns = &c.namespaces[what & 1],
                .lba = which,
                .blocks = 1u << which % 8,
                .data = memory.iova,
                .opcode = what == 3 ? NVM_FLUSH : NVM_READ,
                .queue = which & 1,
                .tag = which,
            };
            busy[which] = true;
            request_submit(&c, &requests[which]);
        } else if (what == 4) {
            m.drop = which;
        } else if (what == 5) {
            m.fail_count = which;
            m.fail_status = (uint16_t)(which << 1);
        } else if (what == 6) {
            model_forge(&m, 1 + (which & 1), which);
        } else if (what == 7) {
            request_fault(&c, guilty, blame, (void *)(uintptr_t)which);
        } else if (what == 8) {
            m.time += 600000000ull * which;
            request_check(&c);
        } else if (what == 9) {
            m.csts |= CSTS_CFS;
        } else if (what == 10) {
            m.refuse_abort = which & 1;
            m.gone |= which == 15;
        } else if (what < 14) {
            model_run(&m);
        } else {
            request_complete(&c, 0);
            request_complete(&c, 1);
            request_pump(&c, 0);
            request_pump(&c, 1);
        }
        while ((r = request_take(&c)) != NULL) {
            if (!busy[r - requests]) /* ended twice */
                abort();
            busy[r - requests] = false;
        }
    }
    /* Everything ends, once the world goes on. */
    m.drop = m.fail_count = 0;
    for (unsigned i = 0; i < 400; i++) {
        model_run(&m);
        for (uint32_t q = 0; q < 2; q++) {
            request_complete(&c, q);
            request_pump(&c, q);
        }
        m.time += 600000000;
        request_check(&c);
        while ((r = request_take(&c)) != NULL)
            busy[r - requests] = false;
    }
    if (c.suspects != 0)
        abort();
    for (unsigned i = 0; i < REQUESTS; i++)
        if (busy[i])
            abort();
}

static void fuzz_entry(const uint8_t *data, size_t size)
{
    static const struct nvme_namespace disk = {1, 12, 1000, false};
    static const struct entry_buffer buffers[BLOCK_MAX_BUFFERS] = {
        [3] = {1 << 20, {1 << 20}, true}};
    const struct entry_bounds bounds = {&disk, 1, buffers, false};
    struct nvme_request r;
    struct block_entry e;

    if (size < sizeof(e))
        return;
    memcpy(&e, data, sizeof(e));
    if (entry_check(&e, &bounds, &r) != BLOCK_OK || r.opcode == NVM_FLUSH)
        return;
    if (r.lba + r.blocks > 1000 || r.data.v < 1 << 20 ||
        r.data.v + ((uint64_t)r.blocks << 12) > 2 << 20)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    if (data[0] % 4 == 0)
        fuzz_identify(data + 1, size - 1);
    else if (data[0] % 4 == 1)
        fuzz_entry(data + 1, size - 1);
    else
        fuzz_completions(data + 1, size < 200 ? size - 1 : 199);
    return 0;
}
