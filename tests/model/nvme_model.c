/* A software NVMe controller (NVMe 1.4), for host tests. */
#include "tests/model/nvme_model.h"

#include <stdlib.h>
#include <string.h>

static void *dma(struct nvme_model *m, uint64_t iova, uint64_t bytes)
{
    if (iova < MODEL_IOVA || bytes > MODEL_ARENA ||
        iova - MODEL_IOVA > MODEL_ARENA - bytes) {
        m->violations++;
        return NULL;
    }
    return m->arena + (iova - MODEL_IOVA);
}

static void complete(struct nvme_model *m, uint32_t q, uint16_t id,
                     uint16_t status, uint32_t result)
{
    struct model_queue *queue = &m->queues[q];
    struct nvme_completion *entry;

    if ((queue->cq_tail + 1) % queue->cq_entries == queue->cq_head)
        m->violations++; /* the driver let its completion queue overflow */
    entry = dma(m, queue->cq + queue->cq_tail * sizeof(*entry), sizeof(*entry));
    if (!entry)
        return;
    *entry = (struct nvme_completion){
        .result = result,
        .sq_head = (uint16_t)queue->sq_head,
        .sq_id = (uint16_t)q,
        .id = id,
        .status = (uint16_t)(status | queue->cq_phase),
    };
    queue->cq_tail = (queue->cq_tail + 1) % queue->cq_entries;
    if (queue->cq_tail == 0)
        queue->cq_phase ^= 1;
}

static void put_le(uint8_t *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static uint16_t identify(struct nvme_model *m, const struct nvme_command *cmd)
{
    uint8_t *data = dma(m, cmd->prp1, NVME_DATA_BYTES);
    uint32_t cns = cmd->dw10 & 0xff;

    if (!data)
        return SC_DATA_TRANSFER << 1;
    memset(data, 0, NVME_DATA_BYTES);
    if (cns == CNS_CONTROLLER) {
        memcpy(data + ID_CTRL_SERIAL, "M0DEL               ", 20);
        memset(data + ID_CTRL_MODEL, ' ', 40);
        memcpy(data + ID_CTRL_MODEL, "Model \x01 disk", 12);
        data[ID_CTRL_MDTS] = m->mdts;
        data[ID_CTRL_SQES] = 0x66;
        data[ID_CTRL_CQES] = 0x44;
        data[ID_CTRL_VWC] = 1;
        return 0;
    }
    for (uint32_t i = 0; i < m->namespace_count; i++) {
        const struct model_namespace *ns = &m->namespaces[i];

        if (cns == CNS_NAMESPACE_LIST) {
            put_le(data + 4 * i, ns->nsid, 4);
        } else if (ns->nsid == cmd->nsid) {
            put_le(data + ID_NS_SIZE, ns->blocks, 8);
            put_le(data + ID_NS_LBAF, ns->metadata | ns->block_bits << 16, 4);
        }
    }
    return 0;
}

static uint16_t create(struct nvme_model *m, const struct nvme_command *cmd,
                       bool cq)
{
    uint32_t id = cmd->dw10 & 0xffff;
    uint32_t entries = (cmd->dw10 >> 16) + 1;
    struct model_queue *queue = &m->queues[id % MODEL_QUEUES];

    if (id == 0 || id > m->queue_limit || entries < 2 ||
        entries > CAP_MQES(m->cap_low) || (cmd->dw11 & 1) == 0 ||
        (!cq && (!queue->cq_made || cmd->dw11 >> 16 != id)) ||
        (cq && cmd->dw11 >> 16 >= m->platform.vectors)) {
        m->violations++;
        return SCT_COMMAND << 9 | 1 << 1;
    }
    if (cq) {
        queue->cq = cmd->prp1;
        queue->cq_entries = entries;
        queue->cq_tail = queue->cq_head = 0;
        queue->cq_phase = 1;
        queue->vector = (uint16_t)(cmd->dw11 >> 16);
        queue->cq_made = true;
    } else {
        queue->sq = cmd->prp1;
        queue->sq_entries = entries;
        queue->sq_head = queue->sq_tail = 0;
        queue->sq_made = true;
    }
    return 0;
}

static void admin(struct nvme_model *m, const struct nvme_command *cmd)
{
    uint32_t result = 0;
    uint16_t status = 0;

    switch (cmd->opcode) {
    case ADMIN_IDENTIFY:
        status = identify(m, cmd);
        break;
    case ADMIN_CREATE_CQ:
        status = create(m, cmd, true);
        break;
    case ADMIN_CREATE_SQ:
        status = create(m, cmd, false);
        break;
    case ADMIN_SET_FEATURES:
        result = (m->queue_limit - 1) << 16 | (m->queue_limit - 1);
        break;
    case ADMIN_ABORT:
        m->aborts++;
        result = 1; /* not aborted, unless: */
        if (!m->refuse_abort) {
            result = 0;
            complete(m, cmd->dw10 & 0xffff, (uint16_t)(cmd->dw10 >> 16),
                     SC_ABORT_REQUESTED << 1, 0);
        }
        break;
    default:
        status = SC_INVALID_OPCODE << 1;
        m->violations++;
    }
    if (!m->dead_admin)
        complete(m, 0, cmd->id, status, result);
}

static const struct model_namespace *namespace(const struct nvme_model *m,
                                               uint32_t nsid)
{
    for (uint32_t i = 0; i < m->namespace_count; i++)
        if (m->namespaces[i].nsid == nsid)
            return &m->namespaces[i];
    return NULL;
}

/* Walk the PRPs (NVMe 4.3) and copy. */
static void transfer(struct nvme_model *m, const struct nvme_command *cmd,
                     uint8_t *disk, uint32_t bytes)
{
    uint64_t page = cmd->prp1;
    uint32_t first = NVME_PAGE - (uint32_t)(page % NVME_PAGE);
    uint32_t moved = 0;
    uint64_t *list = NULL;

    if (bytes > first + NVME_PAGE)
        list = dma(m, cmd->prp2, 8);
    while (moved < bytes) {
        uint32_t part = NVME_PAGE - (uint32_t)(page % NVME_PAGE);
        uint8_t *data;

        if (part > bytes - moved)
            part = bytes - moved;
        if (moved != 0 && page % NVME_PAGE != 0)
            m->violations++;
        data = dma(m, page, part);
        if (m->blocked_count != 0 &&
            page / NVME_PAGE == m->blocked / NVME_PAGE) {
            m->blocked_count--;
            m->faults++; /* and goes on as if nothing had happened */
        } else if (data && cmd->opcode == NVM_READ) {
            memcpy(data, disk + moved, part);
        } else if (data) {
            memcpy(disk + moved, data, part);
        }
        moved += part;
        page = list ? *list++ : cmd->prp2;
    }
}

static uint16_t io(struct nvme_model *m, const struct nvme_command *cmd)
{
    const struct model_namespace *ns = namespace(m, cmd->nsid);
    uint64_t lba = cmd->dw10 | (uint64_t)cmd->dw11 << 32;
    uint32_t blocks = (cmd->dw12 & 0xffff) + 1;
    uint32_t bytes;

    m->commands++;
    if (m->fail_count != 0) {
        m->fail_count--;
        return m->fail_status;
    }
    if (!ns)
        return 0x0b << 1;
    if (cmd->opcode == NVM_FLUSH) {
        m->flushes++;
        return 0;
    }
    if (cmd->opcode != NVM_READ && cmd->opcode != NVM_WRITE)
        return SC_INVALID_OPCODE << 1;
    bytes = blocks << ns->block_bits;
    if (bytes > m->largest)
        m->largest = bytes;
    if (m->mdts != 0 && bytes > NVME_PAGE << m->mdts)
        m->violations++;
    if (lba >= ns->blocks || blocks > ns->blocks - lba)
        return SC_LBA_RANGE << 1;
    transfer(m, cmd, m->disk + ns->first + (lba << ns->block_bits), bytes);
    return 0;
}

static void queue_run(struct nvme_model *m, uint32_t q)
{
    struct model_queue *queue = &m->queues[q];

    while (queue->sq_head != queue->sq_tail) {
        struct nvme_command *cmd =
            dma(m, queue->sq + queue->sq_head * sizeof(*cmd), sizeof(*cmd));

        if (!cmd)
            return;
        queue->sq_head = (queue->sq_head + 1) % queue->sq_entries;
        if (q == 0)
            admin(m, cmd);
        else if (m->drop != 0)
            m->drop--;
        else
            complete(m, q, cmd->id, io(m, cmd), 0);
    }
}

void model_run(struct nvme_model *m)
{
    for (uint32_t q = 1; q < MODEL_QUEUES; q++)
        if (m->queues[q].sq_made)
            queue_run(m, q);
}

void model_forge(struct nvme_model *m, uint32_t queue, uint16_t id)
{
    complete(m, queue, id, 0, 0);
}

static void cc_write(struct nvme_model *m, uint32_t value)
{
    bool was = m->cc & CC_EN, is = value & CC_EN;

    m->cc = value;
    if (m->deaf)
        return;
    if (was && !is) {
        m->resets++;
        memset(m->queues, 0, sizeof(m->queues));
        m->csts = 0;
    } else if (!was && is) {
        m->queues[0] = (struct model_queue){
            .sq = m->asq,
            .cq = m->acq,
            .sq_entries = (m->aqa & 0xfff) + 1,
            .cq_entries = ((m->aqa >> 16) & 0xfff) + 1,
            .cq_phase = 1,
            .sq_made = true,
        };
        m->csts = CSTS_RDY;
    }
    if ((value >> 14) & 3)
        m->csts |= 2 << 2;
}

static uint32_t model_read(void *context, uint32_t offset)
{
    struct nvme_model *m = context;

    if (m->gone)
        return REG_GONE;
    switch (offset) {
    case REG_CAP:
        return m->cap_low;
    case REG_CAP + 4:
        return m->cap_high;
    case REG_VS:
        return m->version;
    case REG_CC:
        return m->cc;
    case REG_CSTS:
        return m->csts;
    default:
        m->violations++;
        return 0;
    }
}

static void doorbell(struct nvme_model *m, uint32_t offset, uint32_t value)
{
    uint32_t stride = 4u << CAP_DSTRD((uint64_t)m->cap_high << 32);
    uint32_t index = (offset - REG_DOORBELLS) / stride;
    struct model_queue *queue = &m->queues[index / 2 % MODEL_QUEUES];

    m->doorbells++;
    if (!queue->sq_made || offset + 4 > m->platform.window_bytes ||
        value >= (index % 2 ? queue->cq_entries : queue->sq_entries)) {
        m->violations++;
        return;
    }
    if (index % 2) {
        queue->cq_head = value;
        return;
    }
    queue->sq_tail = value;
    if (index / 2 == 0 || !m->hold)
        queue_run(m, index / 2);
}

static void model_write(void *context, uint32_t offset, uint32_t value)
{
    struct nvme_model *m = context;

    if (m->gone)
        return;
    if (offset >= REG_DOORBELLS)
        doorbell(m, offset, value);
    else if (offset == REG_CC)
        cc_write(m, value);
    else if (offset == REG_AQA)
        m->aqa = value;
    else if (offset == REG_ASQ || offset == REG_ASQ + 4)
        memcpy((uint8_t *)&m->asq + (offset - REG_ASQ), &value, 4);
    else if (offset == REG_ACQ || offset == REG_ACQ + 4)
        memcpy((uint8_t *)&m->acq + (offset - REG_ACQ), &value, 4);
    else
        m->violations++;
}

static uint64_t model_now(void *context)
{
    return ((struct nvme_model *)context)->time;
}

static void model_pause(void *context)
{
    ((struct nvme_model *)context)->time += 1000000;
}

static bool model_allocate(void *context, uint32_t bytes,
                           struct nvme_memory *out)
{
    struct nvme_model *m = context;
    uint32_t size = (bytes + NVME_PAGE - 1) & ~(NVME_PAGE - 1);

    if (size > MODEL_ARENA - m->arena_used)
        return false;
    out->address = m->arena + m->arena_used;
    out->iova.v = MODEL_IOVA + m->arena_used;
    m->arena_used += size;
    return true;
}

struct nvme_memory model_buffer(struct nvme_model *m, uint32_t bytes)
{
    struct nvme_memory memory = {NULL, {0}};

    if (!model_allocate(m, bytes, &memory))
        abort();
    return memory;
}

static void model_defaults(struct nvme_model *m)
{
    m->platform = (struct nvme_platform){
        .context = m,
        .window_bytes = 0x4000,
        .vectors = 3,
        .read = model_read,
        .write = model_write,
        .now = model_now,
        .pause = model_pause,
        .allocate = model_allocate,
    };
    m->cap_low = 2047 | 1u << 16 | 4u << 24; /* MQES, CQR, TO = 2 s */
    m->cap_high = 1u << 5;                   /* CSS: NVM */
    m->version = 0x10400;
    m->mdts = 5; /* 128 KiB */
    m->queue_limit = 4;
    m->namespace_count = 2;
    m->namespaces[0] = (struct model_namespace){1, 9, 0, 0, 8192};
    m->namespaces[1] = (struct model_namespace){5, 12, 0, 4u << 20, 1024};
}

void model_init(struct nvme_model *m)
{
    memset(m, 0, sizeof(*m));
    m->arena = aligned_alloc(NVME_PAGE, MODEL_ARENA);
    m->disk = malloc(MODEL_DISK);
    memset(m->arena, 0, MODEL_ARENA);
    for (uint32_t i = 0; i < MODEL_DISK / 4; i++)
        ((uint32_t *)(void *)m->disk)[i] = i * 2654435761u;
    model_defaults(m);
}

void model_renew(struct nvme_model *m)
{
    uint8_t *arena = m->arena, *disk = m->disk;
    uint32_t used = m->arena_used;

    memset(m, 0, sizeof(*m));
    m->arena = arena;
    m->disk = disk;
    memset(arena, 0, used);
    model_defaults(m);
}

void model_free(struct nvme_model *m)
{
    free(m->arena);
    free(m->disk);
}
