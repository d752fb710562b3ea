/*
 * A plugin for QEMU that looks for memory of the kernel which CPUs share and
 * one of them writes: between a program's marks N (even) and N + 1 it notes who
 * touches which line of 64 bytes at kernel addresses, which are the same on all
 * CPUs. So it can be shown of a path that its CPUs share no such line.
 *
 *   -plugin shared.so,out=FILE
 *
 * Lines of FILE, at the end of each stretch:
 *   line N ADDRESS WRITERS OTHERS   bits of CPUs; a line that is shared so
 *   shared N LINES STORES STORES    such lines; stores of CPU 0 and of CPU 1
 *
 * With thread=multi: under -icount QEMU tells a plugin the wrong CPU. The
 * declarations are those of QEMU 10's documented plugin interface, version 4.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define API     __attribute__((visibility("default")))
#define MARK    0x434f0000u
#define NO_REGS 0
#define MEM_RW  3
#define LINE    64
#define LINES   (1u << 16)

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id,
                                           void (*)(plugin_id,
                                                    struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *,
                                            void (*)(unsigned, void *),
                                            int flags, void *);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *,
                                      void (*)(unsigned, uint32_t info,
                                               uint64_t address, void *),
                                      int flags, int rw, void *);
bool qemu_plugin_mem_is_store(uint32_t info);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *,
                                                 size_t);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *, void *, size_t);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);

API int qemu_plugin_version = 4;

static FILE *out;
static bool watching;
static uint64_t stores[2];
static struct line {
    uint64_t address; /* 0: free */
    uint32_t writers, touchers;
} lines[LINES];

static struct line *line_of(uint64_t address)
{
    uint64_t at = address / LINE;

    for (size_t i = at * 0x9e3779b97f4a7c15u >> 48;; i++) {
        struct line *line = &lines[i % LINES];

        uint64_t is = 0;

        if (__atomic_compare_exchange_n(&line->address, &is, at * LINE, false,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED) ||
            is == at * LINE)
            return line;
    }
}

static void accessed(unsigned cpu, uint32_t info, uint64_t address, void *data)
{
    struct line *line;

    (void)data;
    if (!watching || !(address >> 63))
        return;
    line = line_of(address);
    __atomic_fetch_or(&line->touchers, 1u << cpu, __ATOMIC_RELAXED);
    if (qemu_plugin_mem_is_store(info)) {
        __atomic_fetch_or(&line->writers, 1u << cpu, __ATOMIC_RELAXED);
        stores[cpu != 0]++;
    }
}

static void report(unsigned mark)
{
    unsigned shared = 0;

    for (size_t i = 0; i < LINES; i++) {
        const struct line *line = &lines[i];

        if (!line->writers || !(line->touchers & (line->touchers - 1)))
            continue;
        shared++;
        fprintf(out, "line %u %llx %x %x\n", mark,
                (unsigned long long)line->address, line->writers,
                line->touchers);
    }
    fprintf(out, "shared %u %u %llu %llu\n", mark, shared,
            (unsigned long long)stores[0], (unsigned long long)stores[1]);
    fflush(out);
}

static void mark_runs(unsigned cpu, void *data)
{
    unsigned mark = (unsigned)(uint64_t)data;

    (void)cpu;
    watching = mark % 2 == 0;
    if (!watching) {
        report(mark - 1);
        return;
    }
    memset(lines, 0, sizeof(lines));
    memset(stores, 0, sizeof(stores));
}

static void block_made(plugin_id id, struct qemu_plugin_tb *tb)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint8_t b[16] = {0};
        uint32_t mark;

        if (qemu_plugin_insn_vaddr(insn) >> 63)
            qemu_plugin_register_vcpu_mem_cb(insn, accessed, NO_REGS, MEM_RW,
                                             NULL);
        qemu_plugin_insn_data(insn, b, sizeof(b));
        memcpy(&mark, b + 3, 4);
        if (qemu_plugin_insn_size(insn) == 7 && b[0] == 0x0f && b[1] == 0x1f &&
            b[2] == 0x80 && (mark & 0xffff0000) == MARK)
            qemu_plugin_register_vcpu_insn_exec_cb(
                insn, mark_runs, NO_REGS, (void *)(uint64_t)(mark & 0xffff));
    }
}

API int qemu_plugin_install(plugin_id id, const void *info, int argc,
                            char **argv);
API int qemu_plugin_install(plugin_id id, const void *info, int argc,
                            char **argv)
{
    (void)info;
    if (argc == 1 && strncmp(argv[0], "out=", 4) == 0)
        out = fopen(argv[0] + 4, "w");
    if (!out) {
        fprintf(stderr, "shared: out=FILE is missing or cannot be written\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, block_made);
    return 0;
}
