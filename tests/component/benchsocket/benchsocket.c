/*
 * The traffic of the socket benchmarks (tests/bench/traffic.h) between two
 * network stacks of this machine: `send ADDRESS` and, in another process, with
 * the other stack, `receive`.
 */
#include <stdio.h>
#include <string.h>

#include <cordon/monitor.h>
#include <cordon/service.h>

#include "tests/bench/traffic.h"

int main(int argc, char **argv)
{
    int bad = 1;

    if (argc == 2 && strcmp(argv[1], "receive") == 0)
        return traffic_receive();
    if (argc == 3 && strcmp(argv[1], "send") == 0)
        bad = traffic_send(argv[2]);
    else
        printf("benchsocket: wants `send ADDRESS` or `receive`\n");
    power_off(service_find("power"), bad ? 1 : 0);
    return bad;
}
