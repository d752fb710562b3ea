/*
 * lwIP's own tests, on the host, with our options (lwipopts.h beside this
 * file), heap and checksum. Not among them are those of parts that we do not
 * have: the socket and netconn API, PPP, MQTT, mDNS and lwIP's own heap.
 */
#include "lwip_check.h"

#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/stats.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "core/test_def.h"
#include "core/test_dns.h"
#include "core/test_netif.h"
#include "core/test_pbuf.h"
#include "core/test_timers.h"
#include "dhcp/test_dhcp.h"
#include "etharp/test_etharp.h"
#include "ip4/test_ip4.h"
#include "ip6/test_ip6.h"
#include "servers/net/heap.h"
#include "tcp/test_tcp.h"
#include "tcp/test_tcp_oos.h"
#include "tcp/test_tcp_state.h"
#include "udp/test_udp.h"

uint32_t random_word(void)
{
    return (uint32_t)rand();
}

_Noreturn void stack_assertion(const char *what, const char *file, int line)
{
    printf("lwIP found itself broken: %s (%s:%d)\n", what, file, line);
    abort();
}

/* The tests' clock, which they set themselves. */
uint32_t lwip_sys_now;
uint32_t sys_now(void)
{
    return lwip_sys_now;
}

/* With NO_SYS there is no other thread whose work is to be waited for, but a
 * packet to oneself waits until it is polled. */
int tcpip_thread_poll_one(void)
{
    netif_poll_all();
    return 0;
}

/* Called by the tests. */
Suite *create_suite(const char *name, testfunc *tests, size_t count, SFun setup,
                    SFun teardown)
{
    Suite *suite = suite_create(name);

    for (size_t i = 0; i < count; i++) {
        TCase *one = tcase_create(name);

        if (setup != NULL || teardown != NULL)
            tcase_add_checked_fixture(one, setup, teardown);
        tcase_add_named_test(one, tests[i]);
        suite_add_tcase(suite, one);
    }
    return suite;
}

void lwip_check_ensure_no_alloc(unsigned int skip)
{
    if (!(skip & SKIP_HEAP))
        ck_assert_msg(lwip_stats.mem.used == 0, "bytes of the heap in use: %u",
                      (unsigned)lwip_stats.mem.used);
    for (int i = 0; i < MEMP_MAX; i++)
        if (!(skip & 1u << i))
            ck_assert_msg(lwip_stats.memp[i]->used == 0,
                          "structures of pool %d in use: %u", i,
                          (unsigned)lwip_stats.memp[i]->used);
}

static suite_getter_fn *const suites[] = {
    ip4_suite,       ip6_suite,    udp_suite,  tcp_suite,   tcp_oos_suite,
    tcp_state_suite, def_suite,    dns_suite,  netif_suite, pbuf_suite,
    timers_suite,    etharp_suite, dhcp_suite,
};

int main(void)
{
    SRunner *runner = srunner_create(suites[0]());
    void *heap = mmap(NULL, MEM_SIZE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int ran, failed;

    if (heap == MAP_FAILED)
        return EXIT_FAILURE;
    heap_start(heap, MEM_SIZE);
    lwip_init();
    for (size_t i = 1; i < sizeof(suites) / sizeof(suites[0]); i++)
        srunner_add_suite(runner, suites[i]());
    srunner_run_all(runner, CK_NORMAL);
    ran = srunner_ntests_run(runner);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    /* As tools/run-layer counts. */
    printf("[  PASSED  ] %d test(s).\n", ran - failed);
    if (failed != 0)
        printf("[  FAILED  ] %d test(s).\n", failed);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
