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
    return block_main(&the_driver, disk_bring_up);
}
