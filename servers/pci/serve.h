/*
 * Decodes requests (<cordon/pci.h>) and answers them.
 */
#pragma once

#include <cordon/service.h>

#include "servers/pci/node.h"

void serve_open(const struct config_space *c, struct tree *t);

/* Handler for service_run(). */
void serve(struct service *s, struct message *m);
