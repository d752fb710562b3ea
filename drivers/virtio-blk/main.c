/* The virtio-blk driver: start the device and offer the service `block`. */
#include <stdio.h>

#include "drivers/nvme/service.h"
#include "drivers/virtio-blk/disk.h"

static struct nvme_driver the_driver;

/* A driver without a working device still answers its clients. */
static void disk_bring_up(struct nvme_driver *d)
{
    struct nvme_controller *c = &d->controller;
    const struct nvme_namespace *ns = &c->namespaces[0];
    const char *why = "the policy grants no interrupt; one at least";

    c->state = NVME_FAILED;
    if (d->kit.vectors != 0)
        why = disk_start(&the_disk, c, &d->kit);
    if (why != NULL) {
        printf("%s: %s\n", startup->name, why);
        return;
    }
    printf("%s: virtio-blk, %llu blocks of %u bytes%s\n", startup->name,
           (unsigned long long)ns->blocks, 1u << ns->block_bits,
           ns->read_only ? ", read-only" : "");
}

int main(void)
{
    struct nvme_driver *d = &the_driver;
    struct service service = {
        .endpoint = service_offered("block"),
        .handle = block_handle,
        .events = block_events,
        .state = d,
    };
    uint64_t status = driver_open(&d->kit, NULL);

    if (status != OK) {
        printf("%s: no device: %s\n", startup->name, status_text(status));
        return 1;
    }
    disk_bring_up(d);
    status = notification_bind(d->kit.events, thread_self()).status;
    if (service.endpoint == 0 || status != OK) {
        printf("%s: the policy offers no service `block`\n", startup->name);
        return 1;
    }
    service_ready();
    status = service_run(&service);
    controller_shutdown(&d->controller);
    printf("%s: receiving failed: %s\n", startup->name, status_text(status));
    return 1;
}
