/*
 * The tutorial driver: QEMU's educational PCI device (docs/specs/edu in QEMU's
 * documentation), in a cage. docs/tutorial.md builds this file step by step.
 */
#include <cordon/cordon.h>
#include <cordon/driver.h>
#include <cordon/edu.h>
#include <stdio.h>
#include <string.h>

/* Registers in BAR 0. Below 0x80 they are 32 bits wide. */
/* clang-format off */
#define EDU_ID          0x00 /* 0xRRrr00ed: version RR.rr */
#define EDU_FACT        0x08 /* write n, read n! when it is done */
#define EDU_STATUS      0x20
#define   STATUS_BUSY     0x01 /* computing */
#define   STATUS_IRQ      0x80 /* interrupt when done */
#define EDU_IRQ_STATUS  0x24
#define EDU_IRQ_ACK     0x64
#define EDU_DMA_SOURCE  0x80
#define EDU_DMA_TARGET  0x88
#define EDU_DMA_COUNT   0x90
#define EDU_DMA_COMMAND 0x98
#define   DMA_START       0x01 /* reads as 1 while the transfer goes on */
#define   DMA_TO_MEMORY   0x02 /* else from memory to the card */
#define   DMA_IRQ         0x04
/* clang-format on */
#define CARD_BUFFER 0x40000 /* 4 KiB on the card, as it addresses them */

#define PATIENCE NS_PER_S /* a DMA takes 100 ms */

static struct driver edu;
static mmio_t regs;
static struct dma_memory buffer;

/* Wait for the card's interrupt, then let it go. False: none came. */
static bool edu_wait(void)
{
    uint64_t bits = driver_wait(&edu, clock_after(PATIENCE));

    mmio_write32(regs, EDU_IRQ_ACK, mmio_read32(regs, EDU_IRQ_STATUS));
    return bits != 0;
}

static uint64_t edu_factorial(uint32_t n, uint64_t *result)
{
    if (n > EDU_FACTORIAL_MAX)
        return SERVICE_TOO_LARGE;
    mmio_write32(regs, EDU_STATUS, STATUS_IRQ);
    mmio_write32(regs, EDU_FACT, n);
    if (!edu_wait() || (mmio_read32(regs, EDU_STATUS) & STATUS_BUSY))
        return SERVICE_TIMEOUT;
    *result = mmio_read32(regs, EDU_FACT);
    return SERVICE_OK;
}

static void edu_say_faults(void)
{
    struct driver_fault fault;

    while (driver_next_fault(&edu, &fault))
        driver_tell_fault(&fault);
}

/* One transfer. R6: the card says "done" even if the IOMMU kept its DMA from
 * memory; only the fault report tells. */
static uint64_t edu_transfer(uint64_t source, uint64_t target, uint64_t bytes,
                             uint64_t direction)
{
    mmio_write64(regs, EDU_DMA_SOURCE, source);
    mmio_write64(regs, EDU_DMA_TARGET, target);
    mmio_write64(regs, EDU_DMA_COUNT, bytes);
    mmio_write64(regs, EDU_DMA_COMMAND, DMA_START | DMA_IRQ | direction);
    if (!edu_wait())
        return SERVICE_TIMEOUT;
    if (driver_new_faults(&edu) == 0)
        return SERVICE_OK;
    edu_say_faults();
    return SERVICE_IO;
}

static uint64_t edu_dma_test(uint64_t bytes, uint64_t *nanoseconds)
{
    uint8_t *data = buffer.memory.address;
    uint64_t start = clock_now(), error;

    if (bytes == 0 || bytes > EDU_DMA_MAX)
        return SERVICE_TOO_LARGE;
    for (uint64_t i = 0; i < bytes; i++)
        data[i] = (uint8_t)(i * 7 + start);
    error = edu_transfer(buffer.iova.v, CARD_BUFFER, bytes, 0);
    if (error != SERVICE_OK)
        return error;
    memset(data, 0, bytes);
    error = edu_transfer(CARD_BUFFER, buffer.iova.v, bytes, DMA_TO_MEMORY);
    for (uint64_t i = 0; i < bytes && error == SERVICE_OK; i++)
        if (data[i] != (uint8_t)(i * 7 + start))
            error = SERVICE_IO;
    *nanoseconds = clock_now() - start;
    return error;
}

static void edu_handle(struct service *s, struct message *m)
{
    uint64_t argument = m->words != 0 ? message_get(m) : 0, result[2] = {0};
    uint64_t error = SERVICE_OK;
    uint32_t id = mmio_read32(regs, EDU_ID);

    (void)s;
    if (m->label == EDU_IDENTITY) {
        result[0] = id >> 24;
        result[1] = (id >> 16) & 0xff;
    } else if (m->label == EDU_FACTORIAL && argument <= UINT32_MAX) {
        error = edu_factorial((uint32_t)argument, result);
    } else if (m->label == EDU_DMA_TEST) {
        error = edu_dma_test(argument, result);
    } else {
        error = SERVICE_UNKNOWN;
    }
    message_begin(m, error);
    message_put(m, result[0]);
    message_put(m, result[1]);
}

int main(void)
{
    struct service service = {.endpoint = service_offered("edu"),
                              .handle = edu_handle};

    if (driver_open(&edu, NULL) != OK ||
        (regs = driver_map_window(&edu, 0, NULL)) == NULL ||
        dma_alloc(&edu, EDU_DMA_MAX, &buffer) != OK) {
        printf("edu: the policy must grant a device with BAR 0, 4 KiB of dma "
               "and an interrupt\n");
        return 1;
    }
    if ((mmio_read32(regs, EDU_ID) & 0xffff) != 0x00ed) {
        printf("edu: this is not QEMU's edu device\n");
        return 1;
    }
    service_ready();
    return (int)service_run(&service);
}
