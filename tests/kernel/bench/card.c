/* The edu card as the devices' test drives it. */
#include "../devices/card.c"
