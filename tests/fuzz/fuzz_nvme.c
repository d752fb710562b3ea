/*
 * Fuzz what a hostile controller says: completion entries in any order and
 * number, while requests come, time passes and faults are told. Requests in
 * flight must end once each, and nothing may touch memory out of bounds.
 *
 * links: drivers/nvme/command.c drivers/nvme/identify.c drivers/nvme/queue.c
 * links: drivers/nvme/controller.c drivers/nvme/request.c
 * links: drivers/nvme/recovery.c tests/model/nvme_model.c
 */
#include <stdlib.h>
#include <string.h>

#include "drivers/nvme/controller.h"
#include "drivers/nvme/request.h"
#include "tests/model/nvme_model.h"

#define REQUESTS 16u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_completions(data, size < 200 ? size : 199);
    return 0;
}
