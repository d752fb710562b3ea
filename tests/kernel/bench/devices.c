/*
 * The cage in figures: MSI to the waiting thread, mapping and unmapping in a
 * Domain with a device attached, and the revocation of a Device.
 */
#include "../devices/devices.h"
#include "bench.h"

#define PEER      0
#define DOMAIN_AT 0x40000000ul

static void driver(void)
{
    for (;;) {
        notification_wait(EVENTS, DEADLINE_NEVER);
        SHARED->end = cycles();
    }
}

#define EDU_RAISE 0x60
#define EDU_ACK   0x64

static volatile uint32_t *card_register(uint64_t offset)
{
    return (volatile uint32_t *)(uintptr_t)(registers + offset);
}

/* From the store that makes the card raise its interrupt. */
static void bench_msi(void)
{
    struct result r = device_interrupt(DEVICE, ram, 0, INTERRUPT, 0, 10000000);
    struct figure figure;

    check("interrupt", r.status, OK);
    check("bind", interrupt_bind(INTERRUPT, IRQ_EVENTS).status, OK);
    card_set_msi(r.r[0], r.r[1]);
    peer_start(PEER, driver, 251, 0, 0);
    figure_start(&figure, "msi-to-thread");
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start, stop;

        SHARED->end = 0;
        start = cycles();
        *card_register(EDU_RAISE) = 1;
        while (!(stop = SHARED->end))
            __asm__ volatile("pause");
        figure_add(&figure, start, stop);
        *card_register(EDU_ACK) = 1;
    }
    figure_end(&figure, 1);
    worker_end(PEER);
    check("delete", captable_delete(SLOT_CAPTABLE, INTERRUPT).status, OK);
}

static void bench_domain(const char *map_name, const char *unmap_name,
                         uint64_t count)
{
    struct figure map, unmap;

    figure_start(&map, map_name);
    figure_start(&unmap, unmap_name);
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start = cycles(), stop, status;

        status =
            space_map(DOMAIN, FRAMES, count, DOMAIN_AT, MAP_READ | MAP_WRITE)
                .status;
        stop = cycles();
        check("map", status, OK);
        figure_add(&map, start, stop);
        start = cycles();
        status = space_unmap(DOMAIN, FRAMES, count).status;
        stop = cycles();
        check("unmap", status, OK);
        figure_add(&unmap, start, stop);
    }
    figure_end(&map, count);
    figure_end(&unmap, count);
}

static void map_frames(uint64_t count)
{
    for (uint64_t i = 0; i < count; i += 500)
        check("map",
              space_map(DOMAIN, FRAMES + i, count - i < 500 ? count - i : 500,
                        DOMAIN_AT + i * PAGE_SIZE, MAP_READ)
                  .status,
              OK);
}

static void make_caged(void)
{
    check("mint", device_mint(SLOT_DEVICE_CONTROL, ram, CARD, 0, DEVICE).status,
          OK);
    check("attach", device_attach(DEVICE, DOMAIN).status, OK);
}

/* Each round makes the Device anew; the mappings stay in the Domain. */
static void bench_revoke_device(const char *name, uint64_t frames)
{
    struct figure figure;

    map_frames(frames);
    figure_start(&figure, name);
    for (int i = 0; i < 12; i++) {
        uint64_t start = cycles(), stop, status;

        status = captable_delete(SLOT_CAPTABLE, DEVICE).status;
        stop = cycles();
        check("delete", status, OK);
        figure_add(&figure, start, stop);
        make_caged();
    }
    figure_end(&figure, 1);
    for (uint64_t i = 0; i < frames; i++)
        check("unmap", space_unmap(DOMAIN, FRAMES + i, 1).status, OK);
}

/* The Domain goes with all its mappings, and the device is blocked. */
static void bench_revoke_domain(const char *name, uint64_t frames)
{
    struct figure figure;

    figure_start(&figure, name);
    for (int i = 0; i < 8; i++) {
        uint64_t start, stop, status;

        map_frames(frames);
        start = cycles();
        status = captable_delete(SLOT_CAPTABLE, DOMAIN).status;
        stop = cycles();
        check("delete", status, OK);
        figure_add(&figure, start, stop);
        check("domain",
              untyped_retype(ram, CAP_DOMAIN, 17, 1, 0, DOMAIN, 0).status, OK);
        check("attach", device_attach(DEVICE, DOMAIN).status, OK);
    }
    figure_end(&figure, 1);
}

void bench_devices(void)
{
    if (!boot->isolation)
        return;
    card_setup();
    check("domain", untyped_retype(ram, CAP_DOMAIN, 17, 1, 0, DOMAIN, 0).status,
          OK);
    make_caged();
    frames_make(FRAME_COUNT);
    bench_msi();
    bench_domain("map-domain", "unmap-domain", 1);
    bench_domain("map-domain-512-per-frame", "unmap-domain-512-per-frame", 512);
    bench_revoke_device("revoke-device-1-frame", 1);
    bench_revoke_device("revoke-device-1000-frames", 1000);
    bench_revoke_domain("revoke-domain-1-frame", 1);
    bench_revoke_domain("revoke-domain-1000-frames", 1000);
    check("delete", captable_delete(SLOT_CAPTABLE, DEVICE).status, OK);
    check("delete", captable_delete(SLOT_CAPTABLE, DOMAIN).status, OK);
    frames_delete(FRAME_COUNT);
    check("delete", captable_delete(SLOT_CAPTABLE, FAULT_EVENTS).status, OK);
    check("delete", captable_delete(SLOT_CAPTABLE, IRQ_EVENTS).status, OK);
    check("delete", captable_delete(SLOT_CAPTABLE, EVENTS).status, OK);
}
