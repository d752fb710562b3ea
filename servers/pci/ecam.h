/*
 * Configuration space on the machine: ECAM (PCIe 7.2.2), mapped two buses at a
 * time when first used. A bus beyond the ECAM reads as all ones.
 */
#pragma once

#include "servers/pci/config.h"

/* Takes the ECAM ranges of the startup page out of the device memory. Returns
 * how many can be used. */
unsigned ecam_open(void);

struct config_space ecam_space(void);

/* What kept a range or a bus from being used, for people; "" if nothing. */
const char *ecam_trouble(void);
