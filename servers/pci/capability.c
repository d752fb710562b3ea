/*
 * The two lists differ only in where they start and in how a link looks. A
 * list with a loop ends after as many steps as capabilities could exist.
 */
#include "servers/pci/capability.h"

#define FIRST_POSSIBLE 0x40u
#define STEPS          48u /* 192 bytes of 4-byte capabilities */
#define EXTENDED_FIRST 0x100u
#define EXTENDED_LAST  (CONFIG_BYTES - 8u) /* header and one register */
#define EXTENDED_STEPS 480u /* 3840 bytes of 8-byte capabilities */

uint32_t capability_find(const struct config_space *c, uint32_t address,
                         uint32_t id)
{
    uint32_t at;

    if ((config_read(c, address, CONFIG_STATUS, 2) & STATUS_CAPABILITIES) == 0)
        return 0;
    at = config_read(c, address, CONFIG_CAPABILITIES, 1) & 0xfcu;
    for (uint32_t step = 0; step < STEPS && at >= FIRST_POSSIBLE; step++) {
        uint32_t head = config_read(c, address, at, 2);

        if (head == 0xffff)
            return 0;
        if ((head & 0xff) == id)
            return at;
        at = (head >> 8) & 0xfcu;
    }
    return 0;
}

uint32_t capability_find_extended(const struct config_space *c,
                                  uint32_t address, uint32_t id)
{
    uint32_t at = EXTENDED_FIRST;

    for (uint32_t step = 0; step < EXTENDED_STEPS && at >= EXTENDED_FIRST;
         step++) {
        uint32_t head = config_read(c, address, at, 4);

        if (head == 0 || head == CONFIG_NO_DEVICE)
            return 0;
        if ((head & 0xffff) == id)
            return at <= EXTENDED_LAST ? at : 0;
        at = (head >> 20) & 0xffcu;
    }
    return 0;
}
