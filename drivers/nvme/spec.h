/*
 * What software and an NVM Express controller share: registers, commands,
 * completions and identify data, from NVM Express 1.4 ("NVMe" below, with its
 * section). Each field is written here once. All of it is little-endian.
 */
#pragma once

#include <stdint.h>

/* Registers, offsets in BAR 0 (NVMe 3.1). 64-bit ones may be accessed as two
 * 32-bit halves. */
/* clang-format off */
#define REG_CAP   0x00u /* 3.1.1, 64 bits */
#define   CAP_MQES(cap)   (((uint32_t)(cap) & 0xffff) + 1) /* entries */
#define   CAP_TO(cap)     ((uint32_t)((cap) >> 24) & 0xff) /* in 500 ms */
#define   CAP_DSTRD(cap)  ((uint32_t)((cap) >> 32) & 0xf)
#define   CAP_CSS_NVM     (1ull << 37)
#define   CAP_MPSMIN(cap) ((uint32_t)((cap) >> 48) & 0xf) /* 2^(12 + n) */
#define REG_VS    0x08u /* 3.1.2: major << 16 | minor << 8 */
#define REG_CC    0x14u /* 3.1.5 */
#define   CC_EN           (1u << 0)
#define   CC_MPS(n)       ((uint32_t)(n) << 7)
#define   CC_SHN_NORMAL   (1u << 14)
#define   CC_IOSQES(n)    ((uint32_t)(n) << 16) /* log2 of an entry's size */
#define   CC_IOCQES(n)    ((uint32_t)(n) << 20)
#define REG_CSTS  0x1cu /* 3.1.6 */
#define   CSTS_RDY        (1u << 0)
#define   CSTS_CFS        (1u << 1) /* fatal */
#define REG_AQA   0x24u /* 3.1.8 */
#define   AQA(entries)    ((((entries) - 1u) << 16) | ((entries) - 1u))
#define REG_ASQ   0x28u /* 3.1.9, 64 bits */
#define REG_ACQ   0x30u /* 3.1.10, 64 bits */
#define REG_DOORBELLS 0x1000u /* 3.1.24, 3.1.25 */
#define REG_GONE  0xffffffffu /* what a function that has left reads as */
/* clang-format on */

/* Submission queue entry (NVMe 4.2). */
struct nvme_command {
    uint8_t opcode;
    uint8_t flags; /* 0: not fused, PRPs */
    uint16_t id;
    uint32_t nsid;
    uint64_t reserved;
    uint64_t metadata;
    uint64_t prp1, prp2; /* 4.3 */
    uint32_t dw10, dw11, dw12, dw13, dw14, dw15;
};
_Static_assert(sizeof(struct nvme_command) == 64, "NVMe 4.2");

/* Completion queue entry (NVMe 4.6). */
struct nvme_completion {
    uint32_t result;
    uint32_t reserved;
    uint16_t sq_head;
    uint16_t sq_id;
    uint16_t id;
    uint16_t status; /* phase in bit 0 */
};
_Static_assert(sizeof(struct nvme_completion) == 16, "NVMe 4.6");

/* clang-format off */
#define STATUS_PHASE       1u
#define STATUS_SC(status)  (((uint32_t)(status) >> 1) & 0xff)
#define STATUS_SCT(status) (((uint32_t)(status) >> 9) & 0x7)
#define STATUS_DNR         0x8000u /* do not retry */

/* Status code types and codes that mean something to us (NVMe 4.6.1.2). */
#define SCT_GENERIC 0u
#define   SC_INVALID_OPCODE  0x01u
#define   SC_DATA_TRANSFER   0x04u
#define   SC_ABORT_REQUESTED 0x07u
#define   SC_ABORTED_SQ      0x08u
#define   SC_WRITE_PROTECTED 0x20u
#define   SC_LBA_RANGE       0x80u
#define SCT_COMMAND 1u
#define SCT_MEDIA   2u

/* Admin commands (NVMe 5). */
#define ADMIN_CREATE_SQ    0x01u /* 5.4 */
#define ADMIN_CREATE_CQ    0x05u /* 5.3 */
#define ADMIN_IDENTIFY     0x06u /* 5.15 */
#define   CNS_NAMESPACE      0x00u
#define   CNS_CONTROLLER     0x01u
#define   CNS_NAMESPACE_LIST 0x02u
#define ADMIN_ABORT        0x08u /* 5.1 */
#define ADMIN_SET_FEATURES 0x09u /* 5.21 */
#define   FEATURE_QUEUES     0x07u /* 5.21.1.7 */

#define QUEUE_CONTIGUOUS 1u /* 5.3, 5.4: PC */
#define QUEUE_INTERRUPTS 2u /* 5.3: IEN */

/* NVM commands (NVMe 6). */
#define NVM_FLUSH 0x00u /* 6.8 */
#define NVM_WRITE 0x01u /* 6.15 */
#define NVM_READ  0x02u /* 6.9 */

/* Identify Controller (NVMe 5.15.2.2), byte offsets. */
#define ID_CTRL_SERIAL 4u
#define   ID_CTRL_SERIAL_BYTES 20u
#define ID_CTRL_MODEL  24u
#define   ID_CTRL_MODEL_BYTES  40u
#define ID_CTRL_MDTS   77u  /* in minimum pages, log2; 0: no limit */
#define ID_CTRL_SQES   512u /* log2: required low nibble, largest high */
#define ID_CTRL_CQES   513u
#define ID_CTRL_VWC    525u /* bit 0: a volatile write cache is present */

/* Identify Namespace (NVMe 5.15.2.1), byte offsets. */
#define ID_NS_SIZE  0u   /* blocks */
#define ID_NS_NLBAF 25u  /* formats, 0's based */
#define ID_NS_FLBAS 26u  /* bits 3:0 the format in use */
#define ID_NS_DPS   29u  /* bits 2:0 protection type; 0: none */
#define ID_NS_ATTR  99u  /* bit 0: write protected */
#define ID_NS_LBAF  128u /* 4 bytes each: metadata 15:0, log2 size 23:16 */

#define NVME_PAGE       4096u /* CC.MPS = 0 */
#define NVME_DATA_BYTES 4096u /* of identify data */
#define NVME_NSID_ALL   0xffffffffu
/* clang-format on */
