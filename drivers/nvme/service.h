/*
 * The block service: calls of the protocol (<cordon/block.h>), the loop that
 * moves requests from rings to the controller and completions back, and the
 * program around them.
 */
#pragma once

#include "drivers/nvme/client.h"

/* For struct service: a call, and event bits. */
void block_handle(struct service *service, struct message *m);
void block_events(struct service *service, uint64_t bits);

/* main() of a driver that offers `block`: opens the device, has the controller
 * brought up, serves. A controller that did not come up has state NVME_FAILED;
 * its clients are told so. */
int block_main(struct nvme_driver *d, void (*bring_up)(struct nvme_driver *d));
