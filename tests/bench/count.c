/*
 * A plugin for QEMU that counts guest instructions: between marks that a
 * program sets, up to each moment when the console has said something, and in
 * each stretch of the kernel without a user instruction or HLT between. (The
 * kernel runs with interrupts off, so the longest stretch is for how long.)
 *
 *   -plugin count.so,out=FILE[,say=TEXT][,trace=on][,each=on]
 *
 * Lines of FILE:
 *   start KERNEL USER        at the kernel's first 64-bit instruction
 *   said KERNEL USER         each time that TEXT was written to COM1
 *   mark N HALTS KERNEL USER at the instruction `nopl 0x434f0000 + N(%rax)`;
 *                            how often a CPU had halted by then
 *   cpus N COUNT...          each=on, before a mark: what each CPU has executed
 *   longest N PC             at the end: instructions, and where it began
 *   block PC N SPACE         trace=on: every block between two RDTSC of user
 *                            mode, which stand as `tsc PC`; trace=MARK: every
 *                            block from that mark to the next. SPACE is CR3
 *   hot PC N                 profile=on, at the end: instructions of each block
 * KERNEL and USER: instructions so far at addresses with the top bit set or
 * clear. Exact on one CPU at a time, that is under -icount.
 *
 * The declarations are those of QEMU 10's documented plugin interface
 * (docs/devel/tcg-plugins), version 4.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define API     __attribute__((visibility("default")))
#define MARK    0x434f0000u
#define CPUS    64
#define NO_REGS 0
#define R_REGS  1

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_register;
struct bytes { /* GLib's GByteArray */
    uint8_t *data;
    unsigned len;
};
struct array { /* GLib's GArray */
    char *data;
    unsigned len;
};
struct reg {
    struct qemu_plugin_register *handle;
    const char *name, *feature;
};
typedef void on_block(unsigned cpu, void *data);
struct bytes *g_byte_array_new(void);
struct bytes *g_byte_array_set_size(struct bytes *, unsigned);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id,
                                           void (*)(plugin_id,
                                                    struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_init_cb(plugin_id,
                                       void (*)(plugin_id, unsigned));
void qemu_plugin_register_atexit_cb(plugin_id, void (*)(plugin_id, void *),
                                    void *);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, on_block *,
                                          int flags, void *);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *,
                                            on_block *, int flags, void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *,
                                                 size_t);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *, void *, size_t);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
struct array *qemu_plugin_get_registers(void);
int qemu_plugin_read_register(struct qemu_plugin_register *, struct bytes *);

API int qemu_plugin_version = 4;

static FILE *out;
static char say[32];
static size_t said; /* characters of it that came */
static bool trace, profile, each, started, running, tracing;
static unsigned long trace_mark = ~0ul;
static uint64_t kernel, user, halts, longest, longest_at, ran[CPUS];
static unsigned cpus;
static struct stretch {
    uint64_t count, at;
} stretches[CPUS];
static struct qemu_plugin_register *rax[CPUS], *rdx[CPUS], *cr3[CPUS];
static struct bytes *buffer;

/* A translated block; QEMU may translate one again, so there may be several of
 * an address. None is ever freed. */
struct block {
    struct block *next;
    uint64_t pc, count, runs;
};
static struct block *blocks;

/* A stretch of the kernel is over. Boot, up to the first process, is none. */
static void stretch_end(struct stretch *s)
{
    if (running && s->count > longest) {
        longest = s->count;
        longest_at = s->at;
    }
    s->count = 0;
}

static void line(const char *what)
{
    fprintf(out, "%s %llu %llu\n", what, (unsigned long long)kernel,
            (unsigned long long)user);
    fflush(out);
}

static void first_process_runs(void)
{
    running = true;
    memset(stretches, 0, sizeof(stretches));
}

static uint64_t register_read(struct qemu_plugin_register *handle)
{
    uint64_t value = 0;

    g_byte_array_set_size(buffer, 0);
    if (handle && qemu_plugin_read_register(handle, buffer) >= 8)
        memcpy(&value, buffer->data, 8);
    return value;
}

static void block_runs(unsigned cpu, void *data)
{
    struct block *block = data;
    uint64_t pc = block->pc, count = block->count;

    block->runs += running;
    ran[cpu] += count;
    if (tracing)
        fprintf(out, "block %llx %llu %llx\n", (unsigned long long)pc,
                (unsigned long long)count,
                (unsigned long long)register_read(cr3[cpu]));
    if (pc >> 63) {
        if (!started)
            line("start");
        started = true;
        kernel += count;
        if (stretches[cpu].count == 0)
            stretches[cpu].at = pc;
        stretches[cpu].count += count;
    } else {
        user += count;
        stretch_end(&stretches[cpu]);
    }
}

/* CPUs wake up at low addresses: the first user instruction is at one that
 * programs are linked at, after the kernel's start. */
static void user_block_runs(unsigned cpu, void *data)
{
    (void)cpu;
    (void)data;
    if (started && !running)
        first_process_runs();
}

static void halt_runs(unsigned cpu, void *data)
{
    (void)data;
    stretch_end(&stretches[cpu]);
    halts++;
}

static void each_line(uint64_t number)
{
    fprintf(out, "cpus %llu", (unsigned long long)number);
    for (unsigned i = 0; i < cpus; i++)
        fprintf(out, " %llu", (unsigned long long)ran[i]);
    fprintf(out, "\n");
}

static void mark_runs(unsigned cpu, void *data)
{
    char what[64];

    (void)cpu;
    if (each)
        each_line((uint64_t)data);
    snprintf(what, sizeof(what), "mark %llu %llu",
             (unsigned long long)(uint64_t)data, (unsigned long long)halts);
    line(what);
    if (trace_mark != ~0ul)
        tracing = (uint64_t)data == trace_mark;
}

static void tsc_runs(unsigned cpu, void *data)
{
    (void)cpu;
    tracing = running;
    if (!tracing)
        return;
    fprintf(out, "tsc %llx\n", (unsigned long long)(uint64_t)data);
}

/* OUT to COM1: does the console now say it? */
static void out_runs(unsigned cpu, void *data)
{
    (void)data;
    if ((register_read(rdx[cpu]) & 0xffff) != 0x3f8)
        return;
    if ((char)register_read(rax[cpu]) == say[said])
        said++;
    else
        said = 0;
    if (say[said])
        return;
    line("said");
    said = 0;
}

static void instruction_made(struct qemu_plugin_insn *insn)
{
    uint64_t pc = qemu_plugin_insn_vaddr(insn);
    uint8_t b[16] = {0};
    uint32_t mark;
    size_t size = qemu_plugin_insn_data(insn, b, sizeof(b));

    if (size == 1 && b[0] == 0xf4 && pc >> 63)
        qemu_plugin_register_vcpu_insn_exec_cb(insn, halt_runs, NO_REGS, 0);
    if (size == 1 && b[0] == 0xee && pc >> 63 && say[0])
        qemu_plugin_register_vcpu_insn_exec_cb(insn, out_runs, R_REGS, 0);
    if (size == 2 && b[0] == 0x0f && b[1] == 0x31 && !(pc >> 63) && trace)
        qemu_plugin_register_vcpu_insn_exec_cb(insn, tsc_runs, NO_REGS,
                                               (void *)pc);
    memcpy(&mark, b + 3, 4);
    if (size == 7 && b[0] == 0x0f && b[1] == 0x1f && b[2] == 0x80 &&
        (mark & 0xffff0000) == MARK)
        qemu_plugin_register_vcpu_insn_exec_cb(
            insn, mark_runs, NO_REGS, (void *)(uint64_t)(mark & 0xffff));
}

#define PROGRAMS_AT  0x400000ul
#define PROGRAMS_END 0x600000ul

static void block_made(plugin_id id, struct qemu_plugin_tb *tb)
{
    size_t count = qemu_plugin_tb_n_insns(tb);
    uint64_t pc = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0));
    struct block *block = calloc(1, sizeof(*block));

    (void)id;
    if (!block)
        abort();
    *block = (struct block){.next = blocks, .pc = pc, .count = count};
    blocks = block;
    qemu_plugin_register_vcpu_tb_exec_cb(
        tb, block_runs, trace || trace_mark != ~0ul ? R_REGS : NO_REGS, block);
    if (!running && pc >= PROGRAMS_AT && pc < PROGRAMS_END)
        qemu_plugin_register_vcpu_tb_exec_cb(tb, user_block_runs, NO_REGS, 0);
    for (size_t i = 0; i < count; i++)
        instruction_made(qemu_plugin_tb_get_insn(tb, i));
}

static void cpu_made(plugin_id id, unsigned cpu)
{
    struct array *all = qemu_plugin_get_registers();

    (void)id;
    if (cpu >= cpus)
        cpus = cpu + 1;
    for (unsigned i = 0; i < all->len && cpu < CPUS; i++) {
        struct reg *r = &((struct reg *)all->data)[i];

        if (strcmp(r->name, "rax") == 0)
            rax[cpu] = r->handle;
        if (strcmp(r->name, "rdx") == 0)
            rdx[cpu] = r->handle;
        if (strcmp(r->name, "cr3") == 0)
            cr3[cpu] = r->handle;
    }
}

static void at_end(plugin_id id, void *data)
{
    (void)id;
    (void)data;
    for (struct block *b = blocks; b && profile; b = b->next)
        if (b->runs)
            fprintf(out, "hot %llx %llu\n", (unsigned long long)b->pc,
                    (unsigned long long)(b->runs * b->count));
    fprintf(out, "longest %llu %llx\n", (unsigned long long)longest,
            (unsigned long long)longest_at);
    line("end");
    fclose(out);
}

API int qemu_plugin_install(plugin_id id, const void *info, int argc,
                            char **argv);
API int qemu_plugin_install(plugin_id id, const void *info, int argc,
                            char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "out=", 4) == 0)
            out = fopen(argv[i] + 4, "w");
        else if (strncmp(argv[i], "say=", 4) == 0)
            snprintf(say, sizeof(say), "%s", argv[i] + 4);
        else if (strcmp(argv[i], "profile=on") == 0)
            profile = true;
        else if (strcmp(argv[i], "each=on") == 0)
            each = true;
        else if (strcmp(argv[i], "trace=on") == 0)
            trace = true;
        else if (strncmp(argv[i], "trace=", 6) == 0)
            trace_mark = strtoul(argv[i] + 6, NULL, 0);
    }
    if (!out) {
        fprintf(stderr, "count: out=FILE is missing or cannot be written\n");
        return 1;
    }
    buffer = g_byte_array_new();
    qemu_plugin_register_vcpu_init_cb(id, cpu_made);
    qemu_plugin_register_vcpu_tb_trans_cb(id, block_made);
    qemu_plugin_register_atexit_cb(id, at_end, NULL);
    return 0;
}
