/*
 * A few legacy ports: 16550 UART, CMOS clock, ACPI power management, reset
 * control. Nobody else touches them but a console that the policy gives COM1.
 */
#include "servers/init/rescue.h"

#include <cordon/boot_info.h>
#include <cordon/clock.h>
#include <cordon/syscalls.h>

#define COM1         0x3f8u /* 16550 */
#define COM1_CONTROL 0x3fbu /*   line control: 8 bits, no parity */
#define COM1_STATUS  0x3fdu /*   bit 5: may send */
#define CMOS_INDEX   0x70u
#define CMOS_DATA    0x71u
#define DEBUG_EXIT   0xf4u /* QEMU's isa-debug-exit */
#define RESET_PORT   0xcf9u
#define KEYBOARD     0x64u
#define PM1_SLEEP    0x2000u /* ACPI 4.8.3.2: SLP_EN, SLP_TYP 0 is S5 here */
#define SEND_TRIES   20000u
#define EXIT_WAIT_NS (100 * NS_PER_MS)

static uint32_t in(uint32_t port, uint32_t width)
{
    return (uint32_t)ports_in(SLOT_IO_PORTS, port, width).r[0];
}

static void out(uint32_t port, uint32_t width, uint32_t value)
{
    ports_out(SLOT_IO_PORTS, port, width, value);
}

static void put(char c)
{
    for (uint32_t i = 0; i < SEND_TRIES; i++)
        if ((in(COM1_STATUS, 1) & 0x20) != 0)
            break;
    out(COM1, 1, (uint8_t)c);
}

void rescue_write(const char *text, size_t bytes)
{
    out(COM1_CONTROL, 1, 3);
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] == '\n')
            put('\r');
        put(text[i]);
    }
}

void rescue_power_off(uint32_t status, uint32_t pm1a_port, uint32_t pm1b_port)
{
    out(DEBUG_EXIT, 4, status);
    clock_spin(EXIT_WAIT_NS); /* the emulator leaves a little later */
    if (pm1a_port != 0)
        out(pm1a_port, 2, PM1_SLEEP);
    if (pm1b_port != 0)
        out(pm1b_port, 2, PM1_SLEEP);
    clock_spin(EXIT_WAIT_NS);
}

void rescue_reset(void)
{
    out(RESET_PORT, 1, 2);
    out(RESET_PORT, 1, 6); /* full reset */
    clock_spin(EXIT_WAIT_NS);
    out(KEYBOARD, 1, 0xfe);
    clock_spin(EXIT_WAIT_NS);
}

/* --- the real-time clock (MC146818) --- */

#define CMOS_STATUS_A 0x0au /* bit 7: being updated */
#define CMOS_STATUS_B 0x0bu /* bit 1: 24 hours, bit 2: binary */
#define UPDATE_TRIES  100000u

static uint32_t cmos(uint32_t index)
{
    out(CMOS_INDEX, 1, index);
    return in(CMOS_DATA, 1);
}

static uint32_t cmos_number(uint32_t index, uint32_t binary)
{
    uint32_t v = cmos(index);

    return binary != 0 ? v : (v >> 4) * 10 + (v & 15);
}

/* Days from 1970-01-01; months from March on make leap days come last. */
static uint64_t days(uint32_t year, uint32_t month, uint32_t day)
{
    uint32_t y = month <= 2 ? year - 1 : year;
    uint32_t m = month <= 2 ? month + 9 : month - 3;

    return 365ull * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day -
           1 - 719468;
}

uint64_t rescue_wall_seconds(void)
{
    uint32_t binary = cmos(CMOS_STATUS_B) & 4;
    uint32_t hour_raw, hour, year, month, day;

    for (uint32_t i = 0; i < UPDATE_TRIES; i++)
        if ((cmos(CMOS_STATUS_A) & 0x80) == 0)
            break;
    hour_raw = cmos(4);
    hour = binary != 0 ? hour_raw & 0x7f
                       : ((hour_raw & 0x7f) >> 4) * 10 + (hour_raw & 15);
    if ((cmos(CMOS_STATUS_B) & 2) == 0)
        hour = hour % 12 + ((hour_raw & 0x80) != 0 ? 12 : 0);
    year = cmos_number(9, binary) + 2000;
    month = cmos_number(8, binary);
    day = cmos_number(7, binary);
    if (month < 1 || month > 12 || day < 1 || day > 31)
        return 0;
    return days(year, month, day) * 86400 + hour * 3600 +
           cmos_number(2, binary) * 60 + cmos_number(0, binary);
}
