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
