/*
 * Reading a received message of any tag, words and page in any order of gets.
 * Nothing may be read or written out of bounds; a message that ends well must
 * have been read to its last word.
 *
 * links: libsys/message.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cordon/message.h>

#define STEPS 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

/* A buffer of exactly the promised room, so the sanitizer sees one byte more.
 */
static void get(struct message *m, uint8_t what)
{
    size_t room = what >> 2;
    char *buffer = malloc(room);
    size_t bytes;

    switch (what & 3) {
    case 0:
        message_get(m);
        break;
    case 1:
        bytes = message_get_bytes(m, buffer, room);
        check(bytes <= room && (bytes == 0 || !m->bad));
        break;
    case 2:
        message_get_text(m, buffer, room);
        check(room == 0 || strlen(buffer) < room);
        break;
    default:
        message_word(m, what);
        break;
    }
    free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct message_page page;
    struct message m;
    uint64_t tag, w[MSG_REG_WORDS];

    if (size < sizeof(tag) + sizeof(w) + STEPS)
        return 0;
    memcpy(&tag, data, sizeof(tag));
    memcpy(w, data + sizeof(tag), sizeof(w));
    data += sizeof(tag) + sizeof(w) + STEPS;
    size -= sizeof(tag) + sizeof(w) + STEPS;
    memset(&page, 0xff, sizeof(page));
    memcpy(&page, data, size < sizeof(page) ? size : sizeof(page));
    message_parse(&m, &page, tag, w);
    check(m.words <= MSG_MAX_WORDS && m.caps <= MSG_MAX_CAPS);
    for (int i = 0; i < STEPS; i++)
        get(&m, data[i - STEPS]);
    check(m.next <= m.words);
    check(!message_end(&m) || m.next == m.words);
    return 0;
}
