/* Events: bits of the loop's Notification (main.c). */
#pragma once

#define EVENT_CARD    1ull
#define EVENT_TIMER   2ull
#define EVENT_CLIENTS 4ull /* and all above */
