/* The 82574L's driver: what both Intel chips do, linked with this chip's parts.
 */
#include "drivers/nic/intel/nic.h"

static struct intel_nic the_nic;

int main(int argc, char **argv)
{
    if (!nic_open(&the_nic, argc, argv))
        return 1;
    return packet_driver_run(&the_nic.driver);
}
