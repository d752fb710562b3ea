/*
 * The loop: commands of the peer are obeyed, every other frame is reported with
 * its length, flags and a sum over its bytes. Argument: `hostile` instead.
 */
#include "tests/component/packettest/packettest.h"

#include <stdio.h>
#include <string.h>

#define HEADER 14u

static const uint8_t everyone[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

uint8_t *cell_take(struct wire *w, uint32_t *offset)
{
    while (packet_unsent(w->dev, 0) >= SEND_CELLS / 2) {
        if (packet_sent(w->dev, 0) == 0) {
            packet_kick(w->dev);
            packet_wait(w->dev, true, clock_after(NS_PER_S));
        }
    }
    *offset = w->next_cell * PACKET_BUFFER_BYTES;
    w->next_cell = (w->next_cell + 1) % SEND_CELLS;
    return (uint8_t *)w->send.data + *offset;
}

void cell_send(struct wire *w, uint32_t offset, uint32_t bytes)
{
    const struct packet_send e = {.offset = offset,
                                  .bytes = (uint16_t)bytes,
                                  .pool = (uint8_t)w->send.id};

    packet_send(w->dev, 0, &e, 1);
}

uint8_t *header_put(const struct wire *w, uint8_t *frame, const uint8_t to[6],
                    unsigned ethertype)
{
    memcpy(frame, to, 6);
    memcpy(frame + 6, packet_info(w->dev)->mac, 6);
    frame[12] = (uint8_t)(ethertype >> 8);
    frame[13] = (uint8_t)ethertype;
    return frame + HEADER;
}

/* Text for the peer: it splits at blanks. */
static void report(struct wire *w, const char *text)
{
    uint32_t offset;
    uint8_t *frame = cell_take(w, &offset);
    uint8_t *body = header_put(w, frame, everyone, ETHERTYPE_REPORT);
    size_t bytes = strlen(text) + 1;

    memcpy(body, text, bytes);
    cell_send(w, offset, (uint32_t)(HEADER + bytes));
}

static void report_frame(struct wire *w, unsigned queue,
                         const struct packet_arrival *a, const uint8_t *frame)
{
    uint32_t sum = 0;
    char text[80];

    for (uint32_t i = 0; i < a->bytes; i++)
        sum = sum * 31 + frame[i];
    snprintf(text, sizeof(text), "frame %u %u %lu %u", (unsigned)a->bytes,
             (unsigned)a->flags, (unsigned long)sum, queue);
    report(w, text);
}

static void report_statistics(struct wire *w)
{
    struct packet_statistics s = {0};
    char text[200];
    int status = packet_statistics(w->dev, &s);

    snprintf(text, sizeof(text),
             "statistics %d received %llu sent %llu missed %llu damaged %llu "
             "refused %llu lied %llu faults %llu resets %llu",
             status, (unsigned long long)s.received, (unsigned long long)s.sent,
             (unsigned long long)s.missed, (unsigned long long)s.damaged,
             (unsigned long long)s.refused, (unsigned long long)s.lied,
             (unsigned long long)s.faults, (unsigned long long)s.resets);
    report(w, text);
}

/* Back to where it came from, unchanged but for the addresses. */
static void echo(struct wire *w, const struct packet_arrival *a,
                 const uint8_t *frame)
{
    uint32_t offset;
    uint8_t *to = cell_take(w, &offset);

    memcpy(to, frame, a->bytes);
    memcpy(to, frame + 6, 6);
    memcpy(to + 6, packet_info(w->dev)->mac, 6);
    cell_send(w, offset, a->bytes);
    w->echoed++;
}

/* A frame to an address of the peer's choice: of another client, perhaps. */
static void send_plain(struct wire *w, const uint8_t to[6])
{
    uint32_t offset;
    uint8_t *frame = cell_take(w, &offset);

    memset(header_put(w, frame, to, 0x88b7), 'p', 86);
    cell_send(w, offset, HEADER + 86);
}

/* The byte behind the header is the command, then its arguments. */
static void command(struct wire *w, const struct packet_arrival *a,
                    const uint8_t *frame)
{
    const uint8_t *argument = frame + HEADER + 1;
    uint8_t addresses[8][6];

    switch (frame[HEADER]) {
    case 'E':
        echo(w, a, frame);
        break;
    case 'C':
        send_checksums(w, frame + 6);
        break;
    case 'T':
        send_segments(w, frame + 6, false);
        send_segments(w, frame + 6, true);
        break;
    case 'P':
        send_plain(w, argument);
        break;
    case 'S':
        report_statistics(w);
        break;
    case 'F': /* flags, count, addresses */
        memcpy(addresses, argument + 2, sizeof(addresses));
        report(w, packet_error_text(packet_filter(
                      w->dev, argument[0], (const uint8_t(*)[6])addresses,
                      argument[1] & 7)));
        break;
    default:
        report(w, "what?");
    }
}

static void handle(struct wire *w, unsigned queue,
                   const struct packet_arrival *a)
{
    const uint8_t *frame = (uint8_t *)w->receive.data + a->buffer.offset;
    unsigned ethertype = (unsigned)frame[12] << 8 | frame[13];

    if (a->flags & PACKET_NOTHING)
        w->nothing++;
    else if (ethertype == ETHERTYPE_COMMAND)
        command(w, a, frame);
    else if (ethertype != ETHERTYPE_REPORT) /* another client's */
        report_frame(w, queue, a, frame);
    w->seen++;
    while (packet_post(w->dev, queue, &a->buffer, 1) == 0)
        if (packet_state(w->dev) != PACKET_OK)
            return;
}

static void link_look(struct wire *w)
{
    struct packet_link link = packet_link(w->dev);

    if (link.up == w->link_up)
        return;
    w->link_up = link.up;
    if (link.up)
        printf("link up, %u Mb/s%s\n", (unsigned)link.mbps,
               link.full_duplex ? "" : ", half duplex");
    else
        printf("link down\n");
    if (link.up)
        report(w, "link up");
}

static int wire_open(struct wire *w)
{
    const struct packet_options options = {.queues = PACKET_MAX_QUEUES};
    int status = packet_open("packet", &options, &w->dev);

    if (status == PACKET_OK)
        status = packet_pool_lend(w->dev, RECEIVE_CELLS * PACKET_BUFFER_BYTES,
                                  &w->receive);
    if (status == PACKET_OK)
        status = packet_pool_lend(
            w->dev, SEND_CELLS * PACKET_BUFFER_BYTES + BIG_BYTES, &w->send);
    for (uint32_t i = 0; i < RECEIVE_CELLS && status == PACKET_OK; i++) {
        const struct packet_buffer b = {.offset = i * PACKET_BUFFER_BYTES,
                                        .pool = (uint16_t)w->receive.id};

        if (packet_post(w->dev, i % packet_queues(w->dev), &b, 1) != 1)
            status = PACKET_E_LIMIT;
    }
    return status;
}

/* What came on all queues. */
static unsigned receive_all(struct wire *w)
{
    struct packet_arrival arrivals[32];
    unsigned total = 0;

    for (unsigned q = 0; q < packet_queues(w->dev); q++) {
        unsigned count = packet_receive(w->dev, q, arrivals, 32);

        for (unsigned i = 0; i < count; i++)
            handle(w, q, &arrivals[i]);
        total += count;
    }
    return total;
}

int main(int argc, char **argv)
{
    struct wire w = {0};
    int status;

    if (argc > 1 && strcmp(argv[1], "hostile") == 0)
        return hostile();
    status = wire_open(&w);
    if (status != PACKET_OK) {
        printf("%s\n", packet_error_text(status));
        return 1;
    }
    printf("open, %s\n", packet_info(w.dev)->name);
    while (packet_state(w.dev) == PACKET_OK) {
        unsigned count = receive_all(&w);

        packet_sent(w.dev, 0);
        link_look(&w);
        packet_kick(w.dev);
        if (count == 0)
            packet_wait(w.dev, false, clock_after(10 * NS_PER_S));
    }
    printf("%s\n", packet_error_text(packet_state(w.dev)));
    return 1;
}
