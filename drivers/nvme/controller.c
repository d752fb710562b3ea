/* Controller initialisation, reset, shutdown (NVMe 3.1, 7.3.2, 7.6). */
#include "drivers/nvme/controller.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ADMIN_ENTRIES 16u
#define ADMIN_TIMEOUT 5000000000ull /* ns */
#define CAP_TO_UNIT   500000000ull  /* ns (NVMe 3.1.1) */

static uint32_t reg_read(const struct nvme_controller *c, uint32_t offset)
{
    return c->platform->read(c->platform->context, offset);
}

static void reg_write(const struct nvme_controller *c, uint32_t offset,
                      uint32_t value)
{
    c->platform->write(c->platform->context, offset, value);
}

static void reg_write64(const struct nvme_controller *c, uint32_t offset,
                        uint64_t value)
{
    reg_write(c, offset, (uint32_t)value);
    reg_write(c, offset + 4, (uint32_t)(value >> 32));
}

static uint64_t time_now(const struct nvme_controller *c)
{
    return c->platform->now(c->platform->context);
}

__attribute__((format(printf, 3, 4))) static bool
controller_fail(struct nvme_controller *c, enum nvme_state state,
                const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(c->error, sizeof(c->error), format, arguments);
    va_end(arguments);
    c->state = state;
    return false;
}

static bool controller_gone(struct nvme_controller *c)
{
    return controller_fail(c, NVME_GONE,
                           "the controller has gone: registers read all ones");
}

/* Wait for CSTS.RDY to become `ready`, at most CAP.TO (NVMe 3.1.5, EN). */
static bool wait_ready(struct nvme_controller *c, bool ready)
{
    uint64_t units = CAP_TO(c->capabilities);
    uint64_t limit = (units == 0 ? 1 : units) * CAP_TO_UNIT;
    uint64_t end = time_now(c) + limit;

    for (;;) {
        uint32_t status = reg_read(c, REG_CSTS);

        if (status == REG_GONE)
            return controller_gone(c);
        if (ready && (status & CSTS_CFS) != 0)
            return controller_fail(c, NVME_FAILED,
                                   "fatal controller status (CSTS.CFS)");
        if (((status & CSTS_RDY) != 0) == ready)
            return true;
        if (time_now(c) >= end)
            return controller_fail(
                c, NVME_FAILED,
                "the controller did not become %s within %u ms (CAP.TO)",
                ready ? "ready" : "idle", (unsigned)(limit / 1000000));
        c->platform->pause(c->platform->context);
    }
}

/* NVMe 7.6.1, steps 1 to 5: disabled, admin queue set, enabled. */
static bool controller_enable(struct nvme_controller *c)
{
    uint32_t cc = reg_read(c, REG_CC);

    if (cc == REG_GONE)
        return controller_gone(c);
    /* EN may not be cleared while the controller is on its way up. */
    if ((cc & CC_EN) != 0 && !wait_ready(c, true) && c->state == NVME_GONE)
        return false;
    reg_write(c, REG_CC, cc & ~CC_EN);
    if (!wait_ready(c, false))
        return false;
    queue_reset(&c->admin);
    reg_write(c, REG_AQA, AQA(c->admin.entries));
    reg_write64(c, REG_ASQ, c->admin.commands_iova.v);
    reg_write64(c, REG_ACQ, c->admin.completions_iova.v);
    reg_write(c, REG_CC, CC_EN | CC_MPS(0) | CC_IOSQES(6) | CC_IOCQES(4));
    if (!wait_ready(c, true))
        return false;
    c->state = NVME_READY;
    return true;
}

/* Take admin completions until that of `slot` comes; others are late answers
 * to commands that we gave up. */
static uint32_t admin_wait(struct nvme_controller *c, uint32_t slot,
                           uint32_t *result)
{
    uint64_t end = time_now(c) + ADMIN_TIMEOUT;
    struct queue_done done;

    for (;;) {
        while (queue_poll(&c->admin, &done)) {
            queue_ack(&c->admin, c->platform);
            if (done.id != slot) {
                c->strays++;
                continue;
            }
            if (result)
                *result = done.result;
            return done.status & ~STATUS_PHASE;
        }
        if (!controller_alive(c) || time_now(c) >= end)
            return ADMIN_NO_ANSWER;
        c->platform->pause(c->platform->context);
    }
}

uint32_t controller_admin(struct nvme_controller *c,
                          const struct nvme_command *command, uint32_t *result)
{
    struct nvme_command *next = queue_next(&c->admin);
    uint32_t slot;
    uint32_t status;

    if (queue_full(&c->admin))
        return ADMIN_NO_ANSWER;
    slot = queue_slot_take(&c->admin);
    *next = *command;
    queue_push(&c->admin, next, slot);
    queue_ring(&c->admin, c->platform);
    status = admin_wait(c, slot, result);
    /* A slot without answer stays taken until the reset that must follow. */
    if (status != ADMIN_NO_ANSWER)
        queue_slot_free(&c->admin, slot);
    return status;
}

/* As controller_admin(), and anything but success is a failed controller. */
static bool admin_must(struct nvme_controller *c, const char *what,
                       const struct nvme_command *command, uint32_t *result)
{
    uint32_t status = controller_admin(c, command, result);

    if (status == 0)
        return true;
    if (c->state != NVME_READY)
        return false;
    if (status == ADMIN_NO_ANSWER)
        return controller_fail(c, NVME_FAILED, "no answer to %s within %u s",
                               what, (unsigned)(ADMIN_TIMEOUT / 1000000000));
    return controller_fail(c, NVME_FAILED, "%s failed: type %u, code 0x%02x",
                           what, STATUS_SCT(status), STATUS_SC(status));
}

static bool identify(struct nvme_controller *c, const char *what, uint8_t cns,
                     uint32_t nsid)
{
    struct nvme_command command;

    memset(c->data.address, 0, NVME_DATA_BYTES);
    command_identify(&command, cns, nsid, c->data.iova);
    return admin_must(c, what, &command, NULL);
}

/* NVMe 7.6.1, step 7: who are you, and which namespaces do you have? */
static bool controller_identify(struct nvme_controller *c)
{
    uint32_t nsids[NVME_NAMESPACES];
    size_t count;
    const char *why;

    if (!identify(c, "Identify Controller", CNS_CONTROLLER, 0))
        return false;
    why = identify_controller(c->data.address, &c->identity);
    if (why)
        return controller_fail(c, NVME_FAILED, "%s", why);
    if (!identify(c, "the list of namespaces", CNS_NAMESPACE_LIST, 0))
        return false;
    count = identify_list(c->data.address, nsids, NVME_NAMESPACES);
    c->namespace_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct nvme_namespace *ns = &c->namespaces[c->namespace_count];

        if (!identify(c, "Identify Namespace", CNS_NAMESPACE, nsids[i]))
            return false;
        why = identify_namespace(c->data.address, nsids[i], ns);
        if (why)
            snprintf(c->error, sizeof(c->error), "namespace %u left out: %s",
                     (unsigned)nsids[i], why);
        else
            c->namespace_count++;
    }
    return true;
}

/* NVMe 7.6.1, step 8, with 5.21.1.7: how many queues will you have? */
static bool queues_negotiate(struct nvme_controller *c, uint32_t wanted)
{
    struct nvme_command command;
    uint32_t granted, fit;

    command_set_queues(&command, wanted);
    if (!admin_must(c, "Set Features (number of queues)", &command, &granted))
        return false;
    c->queue_count = wanted;
    if ((granted & 0xffff) + 1 < c->queue_count)
        c->queue_count = (granted & 0xffff) + 1;
    if ((granted >> 16) + 1 < c->queue_count)
        c->queue_count = (granted >> 16) + 1;
    /* Every doorbell lies in the window that the policy granted. */
    fit = (c->platform->window_bytes - REG_DOORBELLS) / (2 * c->admin.stride);
    if (fit < 2)
        return controller_fail(c, NVME_FAILED,
                               "BAR 0 of %u bytes has no room for doorbells",
                               (unsigned)c->platform->window_bytes);
    if (fit - 1 < c->queue_count)
        c->queue_count = fit - 1;
    return true;
}

/* NVMe 7.6.1, steps 9 and 10: a completion queue before its submission queue.
 * Vector 0 is the admin queue's; it is shared only if there is no other. */
static bool queues_create(struct nvme_controller *c)
{
    uint32_t vectors = c->platform->vectors;

    for (uint32_t i = 0; i < c->queue_count; i++) {
        struct nvme_queue *queue = &c->queues[i];
        struct nvme_command command;

        queue_reset(queue);
        queue->vector = vectors > 1 ? (uint16_t)(1 + i % (vectors - 1)) : 0;
        command_create_cq(&command, queue->id, queue->entries,
                          queue->completions_iova, queue->vector);
        if (!admin_must(c, "Create I/O Completion Queue", &command, NULL))
            return false;
        command_create_sq(&command, queue->id, queue->entries,
                          queue->commands_iova, queue->id);
        if (!admin_must(c, "Create I/O Submission Queue", &command, NULL))
            return false;
    }
    return true;
}

/* Is this a controller that we can drive? (NVMe 3.1.1, 3.1.2) */
static bool controller_check(struct nvme_controller *c)
{
    uint32_t low = reg_read(c, REG_CAP), high = reg_read(c, REG_CAP + 4);

    c->version = reg_read(c, REG_VS);
    if (low == REG_GONE && high == REG_GONE)
        return controller_gone(c);
    c->capabilities = (uint64_t)high << 32 | low;
    if ((c->version >> 16) != 1 && (c->version >> 16) != 2)
        return controller_fail(c, NVME_FAILED,
                               "version register reads %08x: not 1.x or 2.x",
                               (unsigned)c->version);
    if ((c->capabilities & CAP_CSS_NVM) == 0)
        return controller_fail(c, NVME_FAILED, "no NVM command set (CAP.CSS)");
    if (CAP_MPSMIN(c->capabilities) != 0)
        return controller_fail(c, NVME_FAILED,
                               "pages of 4 KiB are too small for it: its "
                               "smallest is %u KiB (CAP.MPSMIN)",
                               4u << CAP_MPSMIN(c->capabilities));
    return true;
}

static uint16_t entries_for(const struct nvme_controller *c)
{
    uint32_t entries = QUEUE_ENTRIES;

    /* CAP.MQES is at least 2 (NVMe 3.1.1); a liar gets the smallest queue. */
    while (entries > 2 && entries > CAP_MQES(c->capabilities))
        entries /= 2;
    return (uint16_t)entries;
}

static bool no_memory(struct nvme_controller *c)
{
    return controller_fail(
        c, NVME_FAILED,
        "too little DMA memory: %u queue pairs need about "
        "%u KiB, raise `dma` in the policy",
        (unsigned)c->queue_count,
        16 + (unsigned)c->queue_count *
                 (8 + QUEUE_ENTRIES * PRP_LIST_ENTRIES / 128));
}

bool controller_start(struct nvme_controller *c, const struct nvme_platform *p,
                      uint32_t queues)
{
    memset(c, 0, sizeof(*c));
    c->platform = p;
    c->queue_count = 1;
    if (queues > NVME_IO_QUEUES)
        queues = NVME_IO_QUEUES;
    if (!controller_check(c))
        return false;
    if (!queue_allocate(&c->admin, p, 0, ADMIN_ENTRIES,
                        CAP_DSTRD(c->capabilities)) ||
        !p->allocate(p->context, NVME_DATA_BYTES, &c->data))
        return no_memory(c);
    if (!controller_enable(c) || !controller_identify(c) ||
        !queues_negotiate(c, queues))
        return false;
    for (uint32_t i = 0; i < c->queue_count; i++)
        if (!queue_allocate(&c->queues[i], p, (uint16_t)(i + 1), entries_for(c),
                            CAP_DSTRD(c->capabilities)))
            return no_memory(c);
    return queues_create(c);
}

bool controller_restart(struct nvme_controller *c)
{
    struct nvme_command command;
    uint32_t granted;

    c->resets++;
    if (!controller_enable(c))
        return false;
    command_set_queues(&command, c->queue_count);
    if (!admin_must(c, "Set Features (number of queues)", &command, &granted))
        return false;
    return queues_create(c);
}

void controller_shutdown(struct nvme_controller *c)
{
    uint32_t cc = reg_read(c, REG_CC);

    if (c->state != NVME_READY || cc == REG_GONE)
        return;
    reg_write(c, REG_CC, cc | CC_SHN_NORMAL);
    for (uint64_t end = time_now(c) + ADMIN_TIMEOUT; time_now(c) < end;) {
        if (((reg_read(c, REG_CSTS) >> 2) & 3) == 2) /* SHST: complete */
            break;
        c->platform->pause(c->platform->context);
    }
    reg_write(c, REG_CC, 0);
    c->state = NVME_FAILED;
}

bool controller_alive(struct nvme_controller *c)
{
    uint32_t status = reg_read(c, REG_CSTS);

    if (status == REG_GONE)
        return controller_gone(c);
    if ((status & CSTS_CFS) != 0)
        return controller_fail(c, NVME_FAILED,
                               "fatal controller status (CSTS.CFS)");
    return c->state == NVME_READY;
}
