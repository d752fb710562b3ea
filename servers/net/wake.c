/* The system calls about clients' notifications: tests have their own. */
#include "servers/net/wake.h"

#include <cordon/syscalls.h>
#include <cordon/startup.h>

void wake_signal(cap_t notification)
{
    notification_signal(notification);
}

bool wake_is_alive(cap_t notification)
{
    struct result r = captable_info(STARTUP_CAPTABLE, notification);

    return r.status == OK && r.r[0] == CAP_NOTIFICATION;
}
