/*
 * The file server: ext4 from one partition of one disk.
 *
 * It holds an endpoint to the disk's driver, one to be called on, and memory;
 * no device, no port. A disk that is missing or broken does not end it: every
 * request is then answered with the error, and `status` says what is wrong.
 */
#include <cordon/cordon.h>
#include <stdio.h>
#include <stdlib.h>

#include "servers/fs/mount.h"
#include "servers/fs/requests.h"

#define SERVICE "files"

static void on_event(struct service *service, uint64_t bits)
{
    (void)service, (void)bits;
    mount_event();
}

/* Without a notification, changes wait for a sync. */
static void events_bind(void)
{
    cap_t events = object_make(CAP_NOTIFICATION, 0, NULL);

    if (events && notification_bind(events, thread_self()).status == OK)
        mount_timer(events);
}

int main(int argc, char **argv)
{
    struct service service = {.handle = request_handle, .events = on_event};

    service.endpoint = service_offered(SERVICE);
    if (!service.endpoint) {
        printf("fs: the policy does not let it offer `" SERVICE "`\n");
        return EXIT_FAILURE;
    }
    if (mount_arguments(argc, argv))
        return EXIT_FAILURE;
    events_bind();
    service_ready();
    mount_get();
    service_run(&service);
    printf("fs: its endpoint has gone\n");
    return EXIT_FAILURE;
}
