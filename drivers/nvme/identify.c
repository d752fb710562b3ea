/* Reading identify data: pure functions of 4 KiB, fuzzed on the host. */
#include "drivers/nvme/identify.h"

#include <string.h>

static uint32_t read_le32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
           (uint32_t)at[3] << 24;
}

static uint64_t read_le64(const uint8_t *at)
{
    return read_le32(at) | (uint64_t)read_le32(at + 4) << 32;
}

/* ASCII, padded with spaces on the right (NVMe 1.5). */
static void copy_text(char *out, const uint8_t *text, size_t bytes)
{
    size_t length = 0;

    for (size_t i = 0; i < bytes && text[i] != 0; i++) {
        out[i] = text[i] >= ' ' && text[i] <= '~' ? (char)text[i] : '?';
        if (out[i] != ' ')
            length = i + 1;
    }
    out[length] = 0;
}

const char *identify_controller(const uint8_t *data, struct nvme_identity *out)
{
    uint32_t mdts = data[ID_CTRL_MDTS];

    memset(out, 0, sizeof(*out));
    copy_text(out->model, data + ID_CTRL_MODEL, ID_CTRL_MODEL_BYTES);
    copy_text(out->serial, data + ID_CTRL_SERIAL, ID_CTRL_SERIAL_BYTES);
    out->write_cache = data[ID_CTRL_VWC] & 1;
    out->max_transfer = NVME_TRANSFER_MAX;
    /* MDTS counts in CAP.MPSMIN pages, which we require to be 4 KiB. */
    if (mdts != 0 && mdts < 20 && (NVME_PAGE << mdts) < NVME_TRANSFER_MAX)
        out->max_transfer = NVME_PAGE << mdts;
    if ((data[ID_CTRL_SQES] & 0xf) > 6 || (data[ID_CTRL_SQES] >> 4) < 6)
        return "submission entries of 64 bytes are not supported";
    if ((data[ID_CTRL_CQES] & 0xf) > 4 || (data[ID_CTRL_CQES] >> 4) < 4)
        return "completion entries of 16 bytes are not supported";
    return NULL;
}

const char *identify_namespace(const uint8_t *data, uint32_t nsid,
                               struct nvme_namespace *out)
{
    uint32_t index = data[ID_NS_FLBAS] & 0xf;
    uint32_t format = read_le32(data + ID_NS_LBAF + 4 * index);
    uint32_t bits = (format >> 16) & 0xff;

    memset(out, 0, sizeof(*out));
    out->nsid = nsid;
    out->blocks = read_le64(data + ID_NS_SIZE);
    out->block_bits = bits;
    out->read_only = data[ID_NS_ATTR] & 1;
    if (index > data[ID_NS_NLBAF])
        return "its block format is not in its list of formats";
    if (bits < 9 || bits > 12)
        return "blocks are neither 512 bytes nor up to 4 KiB";
    if ((format & 0xffff) != 0 || (data[ID_NS_DPS] & 7) != 0)
        return "blocks carry metadata or protection information";
    if (out->blocks == 0 || out->blocks > UINT64_MAX >> bits)
        return "its size is impossible";
    return NULL;
}

size_t identify_list(const uint8_t *data, uint32_t *nsids, size_t max)
{
    size_t count = 0;
    uint32_t last = 0;

    while (count < max && count < NVME_DATA_BYTES / 4) {
        uint32_t nsid = read_le32(data + 4 * count);

        if (nsid <= last || nsid >= 0xfffffffe)
            break;
        nsids[count++] = last = nsid;
    }
    return count;
}
