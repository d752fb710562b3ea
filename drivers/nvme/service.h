/*
 * The block service: calls of the protocol (<cordon/block.h>), and the loop
 * that moves requests from rings to the controller and completions back.
 */
#pragma once

#include "drivers/nvme/client.h"

/* For struct service: a call, and event bits. */
void block_handle(struct service *service, struct message *m);
void block_events(struct service *service, uint64_t bits);
