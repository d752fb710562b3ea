/*
 * The words of a message: writing them one after the other and reading them
 * back without ever leaving what was received. No system calls here, so the
 * same code is tested and fuzzed on the host.
 */
#pragma once

#include <cordon/abi.h>

struct message {
    uint64_t label;            /* which operation, or the answer's error */
    uint64_t badge;            /* of a received message: who sent it */
    uint32_t words;            /* how many */
    uint32_t caps;             /* how many capabilities */
    uint64_t w[MSG_REG_WORDS]; /* the first words */
    cap_t cap[MSG_MAX_CAPS];   /* received capabilities, see message_take_cap */
    struct message_page *page; /* the other words */
    uint32_t next;             /* word that message_get reads next */
    bool bad; /* a put did not fit, or a get found less than it wanted */
};

/* An empty message over this page. */
void message_init(struct message *m, struct message_page *page, uint64_t label);

/* What the kernel delivered: tag, register words, the page. A tag beyond the
 * bounds gives a message without words that is bad. */
void message_parse(struct message *m, struct message_page *page, uint64_t tag,
                   const uint64_t w[MSG_REG_WORDS]);

/* The tag that sends *m. */
uint64_t message_tag(const struct message *m);

/* Word i, 0 if the message is shorter. */
uint64_t message_word(const struct message *m, unsigned i);

/* Appends a word; when there is no room the message becomes bad. */
void message_put(struct message *m, uint64_t word);

/* Appends a byte count and the bytes. */
void message_put_bytes(struct message *m, const void *data, size_t bytes);

/* Appends a string. */
void message_put_text(struct message *m, const char *text);

/* Appends a capability: the receiver gets a copy of `slot` with `rights`
 * (an Untyped is moved). What cannot be passed is left out, with all that stand
 * behind it: the receiver sees fewer. */
void message_put_cap(struct message *m, cap_t slot, unsigned rights);

/* The next word; 0, and the message is bad, if there is none. */
uint64_t message_get(struct message *m);

/*
 * The next bytes, at most `room` of them, into `data`. Returns how many. More
 * than `room`, or a count beyond the message: 0, and the message is bad.
 */
size_t message_get_bytes(struct message *m, void *data, size_t room);

/* The next string into text[room], always NUL-terminated. One that does not
 * fit or holds a NUL inside makes the message bad and the text empty. */
void message_get_text(struct message *m, char *text, size_t room);

/* True if nothing went wrong and every word has been read. */
bool message_end(const struct message *m);

/* The bytes that a message_put_bytes can still take (0: none). */
size_t message_room(const struct message *m);
