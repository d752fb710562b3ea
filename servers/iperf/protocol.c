/*
 * What iperf 2 says on the wire (iperf.h).
 */
#include "iperf.h"

#include <string.h>

#define NS_PER_S 1000000000ull

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
           (uint32_t)at[2] << 8 | at[3];
}

static void put32(uint8_t *at, uint64_t value)
{
    for (int i = 3; i >= 0; i--, value >>= 8)
        at[i] = (uint8_t)value;
}

/* Words: flags, threads, port, length of a buffer, bandwidth, amount (bytes, or
 * minus hundredths of a second), type, length; then 16 bits of `upper`. */
void iperf_head_read(const uint8_t head[IPERF_HEAD], struct iperf_test *test)
{
    uint32_t flags = get32(head), upper = get32(head + 32) >> 16;
    int32_t amount = (int32_t)get32(head + 20);

    *test = (struct iperf_test){.receives = true};
    if (!(flags & IPERF_EXTENDED) || !(flags & IPERF_VERSION2))
        return;
    test->sends = upper & (IPERF_REVERSE | IPERF_DUPLEX);
    test->receives = !(upper & IPERF_REVERSE);
    if (amount < 0)
        test->nanoseconds = (uint64_t) - (int64_t)amount * (NS_PER_S / 100);
    else
        test->bytes = (uint64_t)amount;
}

/* How the time on the way varies; only differences count, so the clocks may
 * differ. */
static void flow_jitter(struct iperf_flow *f, const uint8_t *data, uint64_t now)
{
    int64_t sent = (int64_t)(get32(data + 4) * NS_PER_S +
                             (uint64_t)get32(data + 8) * 1000);
    int64_t transit = (int64_t)now - sent, change = transit - f->transit;

    if (change < 0)
        change = -change;
    if (f->datagrams > 1)
        f->jitter =
            (uint64_t)((int64_t)f->jitter + (change - (int64_t)f->jitter) / 16);
    f->transit = transit;
}

static void flow_order(struct iperf_flow *f, int64_t number)
{
    if (f->highest < 0) { /* the first, and perhaps not the test's: number 1 */
        f->lost = number > 1 ? (uint64_t)number - 1 : 0;
        f->highest = number;
    } else if (number > f->highest) {
        f->lost += (uint64_t)(number - f->highest - 1);
        f->highest = number;
    } else {
        f->late++;
        f->lost -= f->lost > 0; /* it was counted when it was missed */
    }
}

/* The last datagram has minus its number. */
bool iperf_flow_count(struct iperf_flow *f, const uint8_t *data, size_t bytes,
                      uint64_t now)
{
    int64_t number = (int32_t)get32(data);
    bool last = number < 0;

    if (f->ended)
        return last;
    if (!f->datagrams) {
        f->began = now;
        f->highest = -1;
    }
    f->datagrams++;
    f->bytes += bytes;
    f->last = now;
    flow_jitter(f, data, now);
    flow_order(f, last ? -number : number);
    f->ended = last;
    return last;
}

void iperf_flow_report(const struct iperf_flow *f, const uint8_t *last,
                       uint8_t report[IPERF_REPORT])
{
    /* Whoever counts in 64 bits has the upper half before its flags. */
    uint8_t *at = report + (get32(last + 16) & IPERF_64BIT ? 16 : 12);
    uint64_t ns = f->last - f->began;

    memset(report, 0, IPERF_REPORT);
    memcpy(report, last, 16);
    put32(at, (uint32_t)IPERF_VERSION1);
    put32(at + 4, f->bytes >> 32);
    put32(at + 8, f->bytes);
    put32(at + 12, ns / NS_PER_S);
    put32(at + 16, ns % NS_PER_S / 1000);
    put32(at + 20, f->lost);
    put32(at + 24, f->late);
    put32(at + 28, f->datagrams + f->lost);
    put32(at + 32, f->jitter / NS_PER_S);
    put32(at + 36, f->jitter % NS_PER_S / 1000);
}
