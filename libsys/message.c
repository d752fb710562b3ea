/*
 * The words of a message. Whoever sent it may have put anything into the tag,
 * the registers and the page: nothing here believes a count before it has
 * been compared with what is there.
 */
#include <cordon/message.h>

#include <string.h>

void message_init(struct message *m, struct message_page *page, uint64_t label)
{
    m->label = label;
    m->words = 0;
    m->caps = 0;
    m->page = page;
    m->next = 0;
    m->bad = false;
}

void message_parse(struct message *m, struct message_page *page, uint64_t tag,
                   const uint64_t w[MSG_REG_WORDS])
{
    message_init(m, page, TAG_LABEL(tag));
    if (TAG_WORDS(tag) > MSG_MAX_WORDS || TAG_CAPS(tag) > MSG_MAX_CAPS) {
        m->bad = true;
        return;
    }
    m->words = (uint32_t)TAG_WORDS(tag);
    m->caps = (uint32_t)TAG_CAPS(tag);
    memcpy(m->w, w, sizeof(m->w));
}

uint64_t message_tag(const struct message *m)
{
    return TAG(m->label, m->words, m->caps);
}

uint64_t message_word(const struct message *m, unsigned i)
{
    if (i >= m->words)
        return 0;
    return i < MSG_REG_WORDS ? m->w[i] : m->page->words[i];
}

void message_put(struct message *m, uint64_t word)
{
    if (m->words == MSG_MAX_WORDS) {
        m->bad = true;
        return;
    }
    if (m->words < MSG_REG_WORDS)
        m->w[m->words] = word;
    else
        m->page->words[m->words] = word;
    m->words++;
}

size_t message_room(const struct message *m)
{
    return m->words >= MSG_MAX_WORDS ? 0 : (MSG_MAX_WORDS - m->words - 1) * 8ul;
}

void message_put_bytes(struct message *m, const void *data, size_t bytes)
{
    const uint8_t *from = data;

    if (bytes > message_room(m)) {
        m->bad = true;
        return;
    }
    message_put(m, bytes);
    for (size_t done = 0; done < bytes; done += 8) {
        uint64_t word = 0;

        memcpy(&word, from + done, bytes - done < 8 ? bytes - done : 8);
        message_put(m, word);
    }
}

void message_put_text(struct message *m, const char *text)
{
    message_put_bytes(m, text, strlen(text));
}

void message_put_cap(struct message *m, cap_t slot, unsigned rights)
{
    if (m->caps == MSG_MAX_CAPS || slot == 0) {
        m->bad = true;
        return;
    }
    m->page->send_caps[m->caps] = slot;
    m->page->send_rights[m->caps] = rights;
    m->caps++;
}

uint64_t message_get(struct message *m)
{
    if (m->next >= m->words) {
        m->bad = true;
        return 0;
    }
    return message_word(m, m->next++);
}

size_t message_get_bytes(struct message *m, void *data, size_t room)
{
    uint64_t bytes = message_get(m);
    uint64_t there = (uint64_t)(m->words - m->next) * 8;
    uint8_t *to = data;

    if (m->bad || bytes > room || bytes > there) {
        m->bad = true;
        return 0;
    }
    for (size_t done = 0; done < bytes; done += 8) {
        uint64_t word = message_get(m);

        memcpy(to + done, &word, bytes - done < 8 ? bytes - done : 8);
    }
    return (size_t)bytes;
}

void message_get_text(struct message *m, char *text, size_t room)
{
    size_t length;

    if (room == 0) {
        m->bad = true;
        return;
    }
    length = message_get_bytes(m, text, room - 1);
    if (memchr(text, 0, length) != NULL) {
        m->bad = true;
        length = 0;
    }
    text[length] = 0;
}

bool message_end(const struct message *m)
{
    return !m->bad && m->next == m->words;
}
