/*
 * Getting from the component's arguments to a mounted volume, and saying in one
 * line what became of it.
 */
#pragma once

#include <cordon/types.h>

#include "servers/fs/volume.h"

/*
 * Read the arguments: `service=NAME` (else "disk"), `disk=N`, and which
 * partition (servers/fs/gpt.h), or `whole` for a disk without partitions.
 * Returns not 0, and says so on the log, if one is not understood.
 */
int mount_arguments(int argc, char **argv);

/*
 * The volume, mounted if that is possible now. Null, then mount_error() and
 * mount_text() say why. A disk whose service did not answer is asked again, but
 * no more often than every few seconds.
 */
struct volume *mount_get(void);

/* What a request changed is committed some seconds later, by the timer that
 * this sets; `events` is the notification that it goes to. */
void mount_timer(cap_t events);
void mount_after_request(void);
void mount_event(void);

/* FILES_OK if mounted; a line about it, without a newline. */
int mount_error(void);
const char *mount_text(void);
