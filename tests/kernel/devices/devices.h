/* The cage's test: QEMU's edu card, driven by a program with every right. */
#pragma once

#include "../check.h"

/* Slots that these tests use. */
enum {
    DOMAIN = 200,
    CONFIG,       /* Frame of the card's configuration space */
    REGISTERS,    /* Frame of its BAR 0 */
    PAGES,        /* four Frames, for the domain */
    COPIES = 210, /* and for us */
    IRQ_EVENTS = 220,
    FAULT_EVENTS,
    DEVICE,
    INTERRUPT,
    INTERRUPT2,
    LINE,
    SUPERPAGE, /* a Frame of 2 MiB, and a copy */
    SUPERPAGE_COPY,
    BLOCK_OF_IRQS = 400,
};

#define CARD        (4u << 3) /* 00:04.0 */
#define IOVA        0x100000ul
#define CARD_BUFFER 0x40000ul /* device-side address of its 4 KiB */
#define EVENT_IRQ   1
#define EVENT_FAULT 2

extern volatile unsigned char *config, *registers, *memory;

/* Finds the card and makes what the tests share. */
void card_setup(void);
/* Programs the card's MSI. */
void card_set_msi(uint64_t address, uint64_t data);
/* Raises its interrupt and takes it back. */
void card_raise(void);
/* Starts a DMA of `bytes` from or into the card's buffer, and waits until the
 * card says that it is over, whether data moved or not. */
void card_read_memory(uint64_t iova, uint64_t bytes);
void card_write_memory(uint64_t iova, uint64_t bytes);
/* Starts a DMA out of the card's buffer ... */
void card_write_nowait(uint64_t iova, uint64_t bytes);
/* ... and waits until the card is ready. */
void card_wait(void);
/* Takes all fault records and events that there are. */
void faults_drain(void);
/* The events that come within 50 ms; 0: none. */
uint64_t events_take(void);

void test_refusals(void);
void test_dma(void);
void test_faults(void);
void test_interrupts(void);
void test_stress(void);
void test_block(void);
void test_line(void);
