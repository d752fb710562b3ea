/*
 * A machine of two CPUs in a host process, on which the kernel's own files
 * run: kernel/ and iommu/vtd/ as they are, with the headers of tests/host in
 * place of those that touch a CPU, and the model of VT-d units of tests/unit.
 *
 * A CPU runs when the test says so. It enters the kernel with the registers of
 * its current thread and leaves it into the thread that runs next. What the
 * kernel relies on hardware for is modelled where a mistake would show: a TLB
 * for each CPU, IPIs that are pending until they are taken, the IOMMU's caches.
 */
#pragma once

#include "kernel/captable.h"
#include "kernel/cpu.h"
#include "kernel/device.h"
#include "kernel/endpoint.h"
#include "tests/unit/vtd/vtd_model.h"

#define MACHINE_CPUS 2

/* Slots of the first thread's table, and what the world begins with. */
enum world_slot {
    WORLD_TABLE = 1,
    WORLD_SPACE,
    WORLD_THREAD, /* current on CPU 0 */
    WORLD_CONTEXT,
    WORLD_MESSAGE,
    WORLD_SCHED_CONTROL,
    WORLD_DEVICE_CONTROL,
    WORLD_PORTS,
    WORLD_RAM,
    WORLD_DEVICE_MEMORY,
    WORLD_MODULE,
    WORLD_FREE, /* the first free one */
};
#define WORLD_TABLE_BITS 7
#define WORLD_RAM_PAGES  256ul

/* How the machine is: model_option bits for the IOMMU, PCIDs. */
void machine_start(unsigned iommu_options, bool pcid);
/* Makes the first process and lets CPU 0 run it; all slots above filled. */
void world_make(void);
/* Takes everything back. Aborts if something stays. */
void world_end(void);
struct captable *world_table(void);

/* What the next calls run on. */
void machine_cpu(unsigned index);
/* A system call of the CPU's current thread, with the registers that are in
 * it. Restarted until it is over; between, the other CPU takes its IPIs. */
void machine_syscall(void);
/* How often the last one was restarted. */
unsigned machine_restarts(void);
/* The same with these values; returns the status. The caller must still run
 * or the status is what it has now. */
uint64_t machine_call(uint64_t operation, cap_t slot, const uint64_t args[7]);
/* An interrupt or an exception (below 32, with its address). */
void machine_interrupt(uint64_t vector);
void machine_exception(uint64_t vector, uint64_t error, uint64_t address);
/* Takes a pending IPI, if there is one. */
void machine_take_ipi(void);
/* Time passes; the CPU's timer fires if it was armed for then. */
void machine_wait(uint64_t ns);
/* The current thread reads or writes: false, or where. */
bool machine_access(uint64_t address, bool write, paddr_t *at);
/* The n-th thing that the CPU's TLB keeps for the space that is loaded. */
bool machine_cached(unsigned n, uint64_t *address, bool *write, paddr_t *at);
