/*
 * The PCI server: the only holder of configuration space. It finds every
 * function, switches all of them off, and then serves init (badge 0), which
 * claims functions for drivers, and each driver (badge handle + 1), for its own
 * function alone. <cordon/pci.h> is the protocol.
 */

#include <cordon/cordon.h>
#include <cordon/pci.h>

#include "servers/pci/claim.h"
#include "servers/pci/ecam.h"
#include "servers/pci/filter.h"
#include "servers/pci/group.h"
#include "servers/pci/mmio.h"
#include "servers/pci/msi.h"
#include "servers/pci/reset.h"
#include "servers/pci/scan.h"
#include "servers/pci/serve.h"
#include "servers/pci/share.h"

static struct tree tree;
static struct config_space space;

/* Configuration space as every driver will find it: all off (R1). */
static void discover(void)
{
    mmio_open();
    ecam_open();
    space = ecam_space();
    for (uint32_t i = 0; i < startup->ecam_count; i++) {
        const struct boot_ecam *e = &startup->ecam[i];

        scan_segment(&space, &tree, e->segment, e->first_bus, e->last_bus);
    }
    for (uint32_t i = 0; i < tree.count; i++) {
        msi_disable(&space, &tree.nodes[i]);
        scan_silence(&space, &tree.nodes[i]);
    }
    group_form(&tree);
    group_enforce(&space, &tree);
    share_mark(&tree);
    claim_prepare(&tree);
}

int main(void)
{
    const struct startup_cap *offer =
        startup_find(STARTUP_SERVICE_OFFERED, NULL, 0);
    struct service service = {.handle = serve};

    if (offer == NULL)
        return 1;
    discover();
    serve_open(&space, &tree);
    service.endpoint = offer->slot;
    service_ready();
    service_run(&service);
    return 1;
}
