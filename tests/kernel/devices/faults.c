/* Fault records (R6) and their limit (R7). */
#include "devices.h"

void test_faults(void)
{
    uint64_t total;
    unsigned seen = 0, muted = 0;
    struct result r;

    faults_drain();
    total = device_info(DEVICE).r[3];
    card_write_memory(0x7654000, 64);
    check("told", events_take(), EVENT_FAULT);
    r = device_fault(DEVICE);
    check("record", r.status, OK);
    check("address", r.r[0], 0x7654000);
    check("reason: no write", r.r[1], 5);
    check("a write", r.r[2], DEVICE_FAULT_WRITE);
    check("counted", r.r[3], total + 1);
    card_read_memory(0x8000, 64);
    r = device_fault(DEVICE);
    check("reason: no read", r.r[1], 6);
    check("a read", r.r[2], 0);
    check("no more", device_fault(DEVICE).status, ERR_TIMEOUT);
    /* Over the limit the device is muted, and that is told once. */
    check("low limit", device_bind(DEVICE, FAULT_EVENTS, 2).status, OK);
    for (unsigned i = 0; i < 6; i++) {
        card_write_memory(0x200000 + i * PAGE_SIZE, 64);
        while ((r = device_fault(DEVICE)).status == OK) {
            seen++;
            muted += (r.r[2] & DEVICE_FAULT_MUTED) != 0;
        }
    }
    check("records", seen, 3);
    check("told once", muted, 1);
    /* Binding again lets it speak. */
    check("unmute", device_bind(DEVICE, FAULT_EVENTS, 1000).status, OK);
    card_write_memory(0x300000, 64);
    check("heard again", device_fault(DEVICE).status, OK);
    faults_drain();
}
