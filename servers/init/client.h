/*
 * What a server may know about who calls it: LIFECYCLE_CLIENT of
 * <cordon/service.h>.
 */
#pragma once

#include <cordon/message.h>

#include "servers/init/component.h"

/* Answers `server`'s question in *m by making the answer of it. */
void client_serve(const struct component *server, struct message *m);
