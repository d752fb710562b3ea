/*
 * init, the first process: reads the manifest, starts every component with the
 * rights that it names and no others, and watches them from then on. It trusts
 * the manifest alone; what only the machine can tell is checked here and said
 * with the policy's line.
 */
#include <stdio.h>
#include <stdlib.h>

#include <cordon/cordon.h>

#include "servers/init/component.h"
#include "servers/init/device.h"
#include "servers/init/life.h"
#include "servers/init/log.h"
#include "servers/init/module.h"
#include "servers/init/monitor.h"
#include "servers/init/ram.h"
#include "servers/init/rescue.h"
#include "servers/init/watch.h"

#define MANIFEST_MODULE "manifest"

/* Without a manifest nothing may start: say why and stay. */
static _Noreturn void stop(const char *what, const char *why)
{
    log_to_serial(true);
    log_line("init: %s: %s", what, why);
    log_line("init: nothing was started; the machine may be switched off");
    for (;;)
        clock_sleep(NS_PER_S);
}

static void open_manifest(void)
{
    static struct module module; /* stays mapped */
    char err[160];

    if (module_open(MANIFEST_MODULE, &module, err, sizeof err) != 0)
        stop("no policy", err);
    if (manifest_open(module.data, module.bytes, &manifest, err, sizeof err) !=
        0)
        stop("the policy cannot be used", err);
}

static void open_components(void)
{
    component_count = manifest.header->component_count;
    for (uint32_t i = 0; i < component_count; i++) {
        struct component *c = &components[i];

        c->policy = &manifest.components[i];
        c->number = i;
        c->name = manifest_component_name(&manifest, i);
    }
}

static void say_machine(void)
{
    log_line("init: %s, %llu MiB of RAM, %u CPU%s",
             boot_info->cpu_name[0] != 0 ? boot_info->cpu_name : "x86-64",
             (unsigned long long)boot_info->ram_bytes >> 20, startup->cpus,
             startup->cpus == 1 ? "" : "s");
    if (startup->isolation)
        log_line("init: DMA and interrupt remapping are on, nothing is mapped");
    else
        log_line("init: no isolation, so no device is granted: %s",
                 boot_info->isolation_reason);
}

int main(void)
{
    ((struct startup *)(uintptr_t)startup)->wall_seconds =
        rescue_wall_seconds() - clock_now() / NS_PER_S;
    ram_open();
    say_machine();
    open_manifest();
    if (watch_open() != 0)
        stop("no memory", "not even for an endpoint");
    open_components();
    device_open();
    log_line("init: policy %s: %u components", manifest_file(&manifest),
             component_count);
    for (uint32_t i = 0; i < component_count; i++)
        life_start(&components[i]);
    life_check_console();
    boot_done_ns = clock_now();
    watch_run();
}
