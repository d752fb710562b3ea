/*
 * QEMU's edu card (docs/specs/edu in QEMU's manual) and its place in PCI
 * configuration space, by hand: there is no PCI server here.
 */
#include "devices.h"

#define CONFIG_AT    0x60000000ul
#define REGISTERS_AT 0x60001000ul
#define MEMORY_AT    0x60002000ul

#define EDU_RAISE    0x60
#define EDU_ACK      0x64
#define EDU_SOURCE   0x80
#define EDU_TARGET   0x88
#define EDU_COUNT    0x90
#define EDU_START    0x98
#define START_BUSY   1u
#define START_TO_RAM 2u

#define PCI_COMMAND      0x04
#define COMMAND_MEMORY   0x2u
#define COMMAND_MASTER   0x4u
#define PCI_BAR0         0x10
#define PCI_CAPABILITIES 0x34
#define MSI_ENABLE       (1u << 16)

volatile unsigned char *config, *registers, *memory;

static volatile uint32_t *at32(volatile unsigned char *base, uint64_t offset)
{
    return (volatile uint32_t *)(uintptr_t)(base + offset);
}

static volatile uint64_t *at64(volatile unsigned char *base, uint64_t offset)
{
    return (volatile uint64_t *)(uintptr_t)(base + offset);
}

static void make_frame(cap_t slot, uint64_t address)
{
    for (uint32_t i = 0; i < boot->region_count; i++) {
        const struct boot_region *r = &boot->regions[i];
        if (r->kind == REGION_DEVICE && address >= r->base &&
            address - r->base < r->size)
            check("device frame",
                  untyped_retype(r->slot, CAP_FRAME, 12, 1, 0, slot,
                                 address - r->base)
                      .status,
                  OK);
    }
}

static volatile unsigned char *map(cap_t frame, uint64_t count, uint64_t at)
{
    check("map",
          space_map(SLOT_SPACE, frame, count, at, MAP_READ | MAP_WRITE).status,
          OK);
    return (volatile unsigned char *)at;
}

static void make_events(void)
{
    check("notification",
          untyped_retype(ram, CAP_NOTIFICATION, 0, 1, 0, EVENTS, 0).status, OK);
    check("interrupt's badge",
          captable_copy(SLOT_CAPTABLE, IRQ_EVENTS, 0, EVENTS, RIGHT_WRITE,
                        EVENT_IRQ)
              .status,
          OK);
    check("fault's badge",
          captable_copy(SLOT_CAPTABLE, FAULT_EVENTS, 0, EVENTS, RIGHT_WRITE,
                        EVENT_FAULT)
              .status,
          OK);
}

void card_setup(void)
{
    make_frame(CONFIG, boot->ecam[0].base + (CARD << 12));
    config = map(CONFIG, 1, CONFIG_AT);
    check("the card is there", *at32(config, 0), 0x11e81234);
    make_frame(REGISTERS, *at32(config, PCI_BAR0) & ~0xfu);
    registers = map(REGISTERS, 1, REGISTERS_AT);
    *at32(config, PCI_COMMAND) = COMMAND_MEMORY | COMMAND_MASTER;
    check("pages", untyped_retype(ram, CAP_FRAME, 12, 4, 0, PAGES, 0).status,
          OK);
    for (cap_t i = 0; i < 4; i++)
        check("copy of a page",
              captable_copy(SLOT_CAPTABLE, COPIES + i, 0, PAGES + i, RIGHTS_ALL,
                            0)
                  .status,
              OK);
    memory = map(COPIES, 4, MEMORY_AT);
    make_events();
}

void card_set_msi(uint64_t address, uint64_t data)
{
    uint32_t msi = *at32(config, PCI_CAPABILITIES) & 0xff;

    *at32(config, msi + 4) = (uint32_t)address;
    *at32(config, msi + 8) = (uint32_t)(address >> 32);
    *at32(config, msi + 12) = (uint32_t)data;
    *at32(config, msi) |= MSI_ENABLE;
}

void card_raise(void)
{
    *at32(registers, EDU_RAISE) = 1;
    *at32(registers, EDU_ACK) = 1;
}

static void start(uint64_t source, uint64_t target, uint64_t bytes,
                  uint32_t flags)
{
    *at64(registers, EDU_SOURCE) = source;
    *at64(registers, EDU_TARGET) = target;
    *at64(registers, EDU_COUNT) = bytes;
    *at64(registers, EDU_START) = START_BUSY | flags;
}

void card_wait(void)
{
    uint64_t end = now() + 2000000000ul;

    while (*at64(registers, EDU_START) & START_BUSY && now() < end)
        ;
    check("the card is ready again", now() < end, 1);
}

static void dma(uint64_t source, uint64_t target, uint64_t bytes,
                uint32_t flags)
{
    start(source, target, bytes, flags);
    card_wait();
}

void card_write_nowait(uint64_t iova, uint64_t bytes)
{
    start(CARD_BUFFER, iova, bytes, START_TO_RAM);
}

void card_read_memory(uint64_t iova, uint64_t bytes)
{
    dma(iova, CARD_BUFFER, bytes, 0);
}

void card_write_memory(uint64_t iova, uint64_t bytes)
{
    dma(CARD_BUFFER, iova, bytes, START_TO_RAM);
}

void faults_drain(void)
{
    while (device_fault(DEVICE).status == OK)
        ;
    events_take();
}

uint64_t events_take(void)
{
    struct result r = notification_wait(EVENTS, now() + 50000000);

    return r.status == OK ? r.r[0] : 0;
}
