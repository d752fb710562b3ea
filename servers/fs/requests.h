/*
 * The requests of clients (<cordon/files.h>), decoded, checked, answered.
 */
#pragma once

#include <cordon/service.h>

/* For struct service: reads the request from *m and puts the answer there. */
void request_handle(struct service *service, struct message *m);
