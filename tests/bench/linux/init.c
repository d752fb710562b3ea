/*
 * The first process of the Linux machine: loads the card's driver, gives each
 * of the two cards a network namespace and a CPU of its own, and lets the
 * traffic of the socket benchmarks run between them.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/traffic.h"

#define SENDER   "10.9.0.1"
#define RECEIVER "10.9.0.2"

static void die(const char *what)
{
    printf("bench: %s: %s\n", what, strerror(errno));
    fflush(stdout);
    reboot(RB_AUTOBOOT);
    _exit(1);
}

/* /modules lists the modules in the order in which they need each other. */
static void modules_load(void)
{
    char path[128];
    FILE *list = fopen("/modules", "r");

    if (!list)
        die("/modules");
    while (fgets(path, sizeof(path), list)) {
        path[strcspn(path, "\n")] = 0;
        int fd = open(path, O_RDONLY);

        if (fd < 0 || syscall(SYS_finit_module, fd, "", 0) != 0)
            die(path);
        close(fd);
    }
    fclose(list);
}

static int interface_flags(const char *name)
{
    struct ifreq r = {0};
    int s = socket(AF_INET, SOCK_DGRAM, 0), bad;

    strncpy(r.ifr_name, name, IFNAMSIZ - 1);
    bad = ioctl(s, SIOCGIFFLAGS, &r);
    close(s);
    return bad ? -1 : r.ifr_flags;
}

static void interface_await(const char *name, int flag)
{
    for (int i = 0; i < 1000; i++) {
        int flags = interface_flags(name);

        if (flags >= 0 && (flags & flag) == flag)
            return;
        usleep(10000);
    }
    die(name);
}

/* Into the network namespace of another process: RTM_SETLINK, netdevice(7). */
static void interface_move(const char *name, pid_t to)
{
    struct {
        struct nlmsghdr head;
        struct ifinfomsg link;
        struct rtattr attribute;
        int pid;
    } m = {.head = {.nlmsg_len = sizeof(m),
                    .nlmsg_type = RTM_NEWLINK,
                    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
           .link = {.ifi_index = (int)if_nametoindex(name)},
           .attribute = {.rta_len = RTA_LENGTH(sizeof(int)),
                         .rta_type = IFLA_NET_NS_PID},
           .pid = to};
    struct {
        struct nlmsghdr head;
        struct nlmsgerr error;
    } answer;
    int s = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

    if (s < 0 || send(s, &m, sizeof(m), 0) < 0 ||
        recv(s, &answer, sizeof(answer), 0) < 0 || answer.error.error)
        die("moving a card to its namespace");
    close(s);
}

static void interface_up(const char *name, const char *address)
{
    struct ifreq r = {0};
    struct sockaddr_in a = {.sin_family = AF_INET};
    int s = socket(AF_INET, SOCK_DGRAM, 0);

    strncpy(r.ifr_name, name, IFNAMSIZ - 1);
    a.sin_addr.s_addr = inet_addr(address);
    memcpy(&r.ifr_addr, &a, sizeof(a));
    if (ioctl(s, SIOCSIFADDR, &r))
        die("SIOCSIFADDR");
    a.sin_addr.s_addr = inet_addr("255.255.255.0");
    memcpy(&r.ifr_netmask, &a, sizeof(a));
    if (ioctl(s, SIOCSIFNETMASK, &r))
        die("SIOCSIFNETMASK");
    r.ifr_flags = IFF_UP | IFF_RUNNING;
    if (ioctl(s, SIOCSIFFLAGS, &r))
        die("SIOCSIFFLAGS");
    close(s);
    interface_await(name, IFF_UP | IFF_RUNNING);
}

/* All of the card's interrupts to one CPU. */
static void interrupts_to(const char *name, int cpu)
{
    char text[512], path[64];
    FILE *all = fopen("/proc/interrupts", "r");

    while (all && fgets(text, sizeof(text), all)) {
        int number = atoi(text);

        if (number <= 0 || !strstr(text, name))
            continue;
        snprintf(path, sizeof(path), "/proc/irq/%d/smp_affinity_list", number);
        FILE *f = fopen(path, "w");

        if (!f || fprintf(f, "%d\n", cpu) < 0 || fclose(f) != 0)
            die(path);
    }
    if (all)
        fclose(all);
}

static void cpu_take(int cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set))
        die("sched_setaffinity");
}

/* Echoes from sockets without a privilege: icmp(7). */
static void pings_allow(void)
{
    FILE *f = fopen("/proc/sys/net/ipv4/ping_group_range", "w");

    if (!f || fputs("0 0", f) < 0 || fclose(f) != 0)
        die("ping_group_range");
}

static pid_t receiver_start(int ready[2], int go[2])
{
    char byte = 0;
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    cpu_take(1);
    if (unshare(CLONE_NEWNET))
        die("unshare");
    if (write(ready[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 1)
        die("pipe");
    interface_up("eth1", RECEIVER);
    interrupts_to("eth1", 1);
    _exit(traffic_receive());
}

int main(void)
{
    int ready[2], go[2], status = 0;
    char byte = 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    mount("proc", "/proc", "proc", 0, NULL);
    modules_load();
    interface_await("eth0", 0);
    interface_await("eth1", 0);
    if (pipe(ready) || pipe(go))
        die("pipe");
    pid_t receiver = receiver_start(ready, go);

    cpu_take(0);
    if (read(ready[0], &byte, 1) != 1)
        die("pipe");
    interface_move("eth1", receiver);
    if (write(go[1], &byte, 1) != 1)
        die("pipe");
    interface_up("eth0", SENDER);
    pings_allow();
    interrupts_to("eth0", 0);
    int bad = traffic_send(RECEIVER);

    waitpid(receiver, &status, 0);
    printf("bench: %s\n", bad || status ? "failed" : "done");
    fflush(stdout);
    reboot(RB_AUTOBOOT);
    return 0;
}
