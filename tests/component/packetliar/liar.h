/*
 * A network driver that lies, one way for each connection. It has no card: it
 * serves the packet protocol and breaks it. The client is another process with
 * the ordinary library (victim.c of the same program).
 */
#pragma once

#include <cordon/cordon.h>
#include <cordon/packet_server.h>

enum lie {
    LIE_NONE,          /* echoes nothing, ends everything: the honest one */
    LIE_LENGTHS,       /* arrivals of impossible lengths and flags */
    LIE_TOO_MANY,      /* more arrivals than buffers */
    LIE_BACKWARDS,     /* positions that go back */
    LIE_FAR_AHEAD,     /* positions far ahead */
    LIE_SENT_TOO_MUCH, /* more entries sent than there were */
    LIE_RANDOM,        /* any bytes anywhere in the shared memory */
    LIE_SILENT,        /* takes everything and says nothing */
    LIE_INFO,          /* describes a device that cannot be */
    LIE_NO_KICK,       /* gives no Notification */
    LIES
};

int liar(void);
int victim(void);
