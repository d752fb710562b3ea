/* All Devices by requester ID: at most one of each. */
#pragma once

#include "kernel/device.h"

bool device_table_has(uint16_t segment, uint16_t rid);
void device_table_add(struct device *device);
void device_table_remove(struct device *device);
