/*
 * The 16550 UART of the PC's first serial port (National Semiconductor
 * PC16550D data sheet): what the console reads keys from and writes to.
 *
 * Output goes into a ring and from there sixteen bytes at a time into the
 * UART's FIFO; input comes by interrupt into another ring. When the input ring
 * is full the UART's interrupt for it is off, and the sender is held up.
 */
#pragma once

#include <cordon/types.h>

/*
 * Open the port that the policy grants. Returns null, or a line about what is
 * missing. Without the interrupt it works by being looked at now and then.
 */
const char *uart_open(void);

/* The Notification that the interrupt signals; wait for it, then call
 * uart_handle(). */
cap_t uart_events(void);

/* 1 if there is no interrupt and uart_handle() must be called regularly. */
int uart_is_polled(void);

/* Serve the UART: take what came, send what waits. */
void uart_handle(void);

/* Take up to `room` bytes that came; returns how many. Does not wait. */
size_t uart_read(uint8_t *data, size_t room);

/* Write bytes; waits while the ring is full. */
void uart_write(const void *data, size_t bytes);

/* Wait until all that was written has left, or `ns` nanoseconds are over. */
void uart_flush(uint64_t ns);

/* Whether this byte is among those that came and were not read yet; they are
 * then dropped up to it. */
int uart_take_until(uint8_t byte);
