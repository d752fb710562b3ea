/*
 * A plugin for QEMU that notes which instructions of the kernel were executed.
 *
 *   -plugin cover.so,out=FILE,text=FILE,base=ADDRESS,patched=ADDRESS
 *
 * text: the kernel's code as it lies in the image, base: its address, patched:
 * where start writes a CLAC if the CPU has it. out: as many bytes, shared by
 * all machines that note into it; 1 where an instruction begins that was
 * executed. A machine that runs another kernel (a mutant, a debug build) notes
 * nothing: its code is compared first.
 *
 * The declarations are those of QEMU 10's documented plugin interface
 * (docs/devel/tcg-plugins), version 4.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define API     __attribute__((visibility("default")))
#define NO_REGS 0

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct bytes { /* GLib's GByteArray */
    uint8_t *data;
    unsigned len;
};
struct bytes *g_byte_array_new(void);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id,
                                           void (*)(plugin_id,
                                                    struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *,
                                          void (*)(unsigned cpu, void *),
                                          int flags, void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *,
                                                 size_t);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
bool qemu_plugin_read_memory_vaddr(uint64_t address, struct bytes *, size_t);

API int qemu_plugin_version = 4;

#define PATCH_BYTES 3

static uint64_t base, size, patched;
static const uint8_t *text;
static uint8_t *seen;

enum { UNKNOWN, OURS, ANOTHER };
static int whose = UNKNOWN;

/* A translated block. QEMU may make one again; none is ever freed. */
struct block {
    bool noted;
    size_t count;
    uint64_t at[]; /* offsets of its instructions */
};

static int compare(void)
{
    struct bytes *memory = g_byte_array_new();

    if (!qemu_plugin_read_memory_vaddr(base, memory, size))
        return UNKNOWN;
    if (patched - base < size - PATCH_BYTES)
        memcpy(memory->data + (patched - base), text + (patched - base),
               PATCH_BYTES);
    return memcmp(memory->data, text, size) ? ANOTHER : OURS;
}

static void block_runs(unsigned cpu, void *data)
{
    struct block *block = data;

    (void)cpu;
    if (block->noted)
        return;
    if (whose == UNKNOWN)
        whose = compare();
    if (whose == UNKNOWN)
        return;
    block->noted = true;
    for (size_t i = 0; whose == OURS && i < block->count; i++)
        seen[block->at[i]] = 1;
}

static void block_made(plugin_id id, struct qemu_plugin_tb *tb)
{
    size_t count = qemu_plugin_tb_n_insns(tb), kept = 0;
    struct block *block;

    (void)id;
    if (qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0)) - base >= size)
        return;
    block = calloc(1, sizeof(*block) + count * sizeof(block->at[0]));
    if (!block)
        abort();
    for (size_t i = 0; i < count; i++) {
        uint64_t at =
            qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, i)) - base;

        if (at < size)
            block->at[kept++] = at;
    }
    block->count = kept;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, block_runs, NO_REGS, block);
}

/* Maps a file, which has `bytes` then; NULL: it cannot be. */
static void *file_map(const char *path, bool write, uint64_t *bytes)
{
    int fd = open(path, write ? O_RDWR | O_CREAT : O_RDONLY, 0666);
    struct stat about;
    void *at = MAP_FAILED;

    if (fd < 0)
        return NULL;
    if (!write && fstat(fd, &about) == 0)
        *bytes = (uint64_t)about.st_size;
    if (!write || ftruncate(fd, (off_t)*bytes) == 0)
        at = mmap(NULL, *bytes, PROT_READ | (write ? PROT_WRITE : 0),
                  MAP_SHARED, fd, 0);
    close(fd);
    return at == MAP_FAILED ? NULL : at;
}

API int qemu_plugin_install(plugin_id id, const void *info, int argc,
                            char **argv);
API int qemu_plugin_install(plugin_id id, const void *info, int argc,
                            char **argv)
{
    const char *out = NULL;

    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "out=", 4) == 0)
            out = argv[i] + 4;
        else if (strncmp(argv[i], "text=", 5) == 0)
            text = file_map(argv[i] + 5, false, &size);
        else if (strncmp(argv[i], "base=", 5) == 0)
            base = strtoull(argv[i] + 5, NULL, 0);
        else if (strncmp(argv[i], "patched=", 8) == 0)
            patched = strtoull(argv[i] + 8, NULL, 0);
    }
    if (text && out && base)
        seen = file_map(out, true, &size);
    if (!seen) {
        fprintf(stderr, "cover: out=, text= or base= is missing or unusable\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, block_made);
    return 0;
}
