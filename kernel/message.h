/*
 * What a message carries from one thread's registers and message page to
 * another's: words, the badge, and capabilities.
 */
#pragma once

#include "kernel/thread.h"

/* OK, or ERR_ARGUMENT with bounds in the registers: the tag is malformed or
 * asks for capabilities where the endpoint's rights do not allow it. */
bool message_check(struct thread *from, uint64_t rights);
/* Copies the message of `from` (or its fault) to `to`, which succeeds with
 * it. Capabilities go along only with the structure lock held. */
void message_copy(struct thread *from, struct thread *to, uint64_t badge);
/* The message that tells `to` of the fault of `from`. */
void message_fault(const struct thread *from, struct thread *to,
                   uint64_t badge);

/* Copies what does not travel in registers: of `words` words those from
 * MSG_REG_WORDS on. */
static inline void message_copy_page(const struct thread *from,
                                     struct thread *to, uint64_t words)
{
    const uint64_t *source = from->message->words + MSG_REG_WORDS;
    uint64_t *target = to->message->words + MSG_REG_WORDS;
    uint64_t count = words - MSG_REG_WORDS;

    __asm__ volatile("rep movsq"
                     : "+S"(source), "+D"(target), "+c"(count)
                     :
                     : "memory");
}
