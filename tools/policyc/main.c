/*
 * policyc: checks a policy file and compiles it to the manifest that init
 * reads; says what a policy grants; turns a manifest back into text.
 *
 * Exit status: 0 done; 1 the policy or manifest is wrong (standard error says
 * where); 2 the command line is wrong; 3 a file cannot be read or written.
 */
#include "compile.h"
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_POLICY = 1, EXIT_USAGE = 2, EXIT_FILE = 3 };

#define FILE_MAX (1u << 20) /* more than any policy or manifest has */

static const char usage[] =
    "usage: policyc FILE.yaml -o FILE.manifest   compile\n"
    "       policyc --check FILE.yaml            check only\n"
    "       policyc --dump FILE.manifest         the policy as YAML again\n"
    "       policyc --reach FILE                 who can touch what\n"
    "       policyc --dot FILE                   the same as a Graphviz graph\n"
    "       policyc --binaries-of FILE           the binaries it names\n"
    "       policyc --machine FILE.yaml          what tools/run adds to QEMU:\n"
    "                                            'cpus N', 'disk', 'device "
    "TEXT'\n"
    "       policyc --schema                     JSON Schema for editors\n"
    "       policyc --reference                  the keys as Markdown tables\n"
    "FILE is a policy or a manifest; '-' is standard input or output.\n"
    "\n"
    "options:\n"
    "  --binaries DIR   each binary must be a file of this folder\n"
    "  --cpus N         CPUs of the machine, 1 to 8 (else as the policy\n"
    "                   says in machine: {cpus: N}, else 2)\n"
    "  --name NAME      file name for messages and for the manifest\n"
    "\n"
    "exit status: 0 done, 1 the policy or manifest is wrong, 2 the command\n"
    "line is wrong, 3 a file cannot be read or written\n";

/* --compile is what policyc does without a mode: it has no word. */
static const char *const modes[] = {
    "--compile",     "--check",   "--dump",   "--reach",     "--dot",
    "--binaries-of", "--machine", "--schema", "--reference", "--help"};
enum mode {
    COMPILE,
    CHECK,
    DUMP,
    REACH,
    DOT,
    BINARIES,
    MACHINE,
    SCHEMA,
    REFERENCE,
    HELP,
    MODES
};

struct command {
    enum mode mode;
    const char *input;
    const char *output;
    const char *name;
    struct check_options options;
};

static void usage_error(const char *what, const char *word)
{
    fprintf(stderr, "policyc: %s%s%s\n%s", what, word != NULL ? ": " : "",
            word != NULL ? word : "", usage);
    exit(EXIT_USAGE);
}

static unsigned read_cpus(const char *text)
{
    char *end;
    unsigned long cpus = strtoul(text, &end, 10);

    if (*end != 0 || cpus < 1 || cpus > MANIFEST_CPUS_MAX)
        usage_error("--cpus takes 1 to 8", text);
    return (unsigned)cpus;
}

/* The option's value, or -1 if `word` is none that takes one. */
static int read_option(struct command *c, const char *word, const char *value)
{
    const char **text = strcmp(word, "-o") == 0           ? &c->output
                        : strcmp(word, "--name") == 0     ? &c->name
                        : strcmp(word, "--binaries") == 0 ? &c->options.binaries
                                                          : NULL;

    if (text == NULL && strcmp(word, "--cpus") != 0)
        return -1;
    if (value == NULL)
        usage_error("no value after", word);
    if (text != NULL)
        *text = value;
    else
        c->options.cpus = read_cpus(value);
    return 0;
}

static enum mode find_mode(const char *word)
{
    unsigned i = 0;

    while (i < MODES && strcmp(word, modes[i]) != 0)
        i++;
    if (i == MODES)
        usage_error("unknown option", word);
    return (enum mode)i;
}

static struct command read_command(int argc, char **argv)
{
    struct command c = {.mode = COMPILE};

    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-' || argv[i][1] == 0) {
            if (c.input != NULL)
                usage_error("a second file", argv[i]);
            c.input = argv[i];
        } else if (read_option(&c, argv[i], argv[i + 1]) == 0) {
            i++;
        } else if (c.mode != COMPILE) {
            usage_error("a second mode", argv[i]);
        } else {
            c.mode = find_mode(argv[i]);
        }
    }
    if (c.mode < SCHEMA && c.input == NULL)
        usage_error("no file", NULL);
    if (c.mode == COMPILE && c.output == NULL)
        usage_error("compile where to? Give -o FILE, or --check", NULL);
    if (c.name == NULL)
        c.name = c.input;
    return c;
}

/* --- files --- */

static void file_error(const char *name)
{
    fprintf(stderr, "policyc: %s: %s\n", name, strerror(errno));
    exit(EXIT_FILE);
}

/* At most FILE_MAX bytes: a longer file is refused by whoever reads it. */
static struct bytes read_file(struct arena *arena, const char *name)
{
    struct bytes b = {arena_alloc(arena, FILE_MAX), 0};
    FILE *file = strcmp(name, "-") == 0 ? stdin : fopen(name, "rb");

    if (file == NULL)
        file_error(name);
    b.size = fread(b.data, 1, FILE_MAX, file);
    if (ferror(file))
        file_error(name);
    if (file != stdin)
        fclose(file);
    return b;
}

static void write_file(const char *name, const struct bytes *b)
{
    FILE *file = strcmp(name, "-") == 0 ? stdout : fopen(name, "wb");

    if (file == NULL)
        file_error(name);
    if (fwrite(b->data, 1, b->size, file) != b->size || fflush(file) != 0) {
        if (file != stdout)
            remove(name);
        file_error(name);
    }
    if (file != stdout)
        fclose(file);
}

static int is_manifest(const struct bytes *b)
{
    return b->size >= 8 && memcmp(b->data, MANIFEST_MAGIC, 8) == 0;
}

/* --- modes --- */

/* Opens a manifest, or compiles a policy. `policy` is NULL for a manifest. */
static int load(struct command *c, struct report *r, struct compiled *out)
{
    struct bytes b = read_file(r->arena, c->input);
    char error[256];

    if (!is_manifest(&b) && c->mode != DUMP) {
        if (compile_policy(r, c->name, b.data, b.size, &c->options, out) == 0)
            return 0;
        report_print(r, stderr);
        fprintf(stderr, "%s: %u error%s\n", c->name, r->count,
                r->count == 1 ? "" : "s");
        return -1;
    }
    out->policy = NULL;
    out->bytes = b;
    if (manifest_open(b.data, b.size, &out->manifest, error, sizeof error)) {
        fprintf(stderr, "%s: error: %s\n", c->name, error);
        return -1;
    }
    return 0;
}

static int write_machine(const struct policy *policy)
{
    if (policy == NULL) {
        fprintf(stderr, "policyc: --machine needs the policy: a manifest does "
                        "not have it\n");
        return EXIT_USAGE;
    }
    if (policy->machine == NULL)
        return 0;
    printf("cpus %llu\n", (unsigned long long)policy->machine->cpus.number);
    if (policy->machine->disk.number != 0)
        printf("disk\n");
    for (unsigned i = 0; i < policy->machine->netdevs.count; i++)
        printf("netdev %s\n",
               LIST_ITEM(policy->machine->netdevs, struct value, i)->text);
    for (unsigned i = 0; i < policy->machine->devices.count; i++)
        printf("device %s\n",
               LIST_ITEM(policy->machine->devices, struct value, i)->text);
    return 0;
}

static int run(struct command *c, struct report *r)
{
    struct compiled all = {0};

    if (c->mode == HELP)
        fputs(usage, stdout);
    else if (c->mode == SCHEMA)
        schema_write(stdout);
    else if (c->mode == REFERENCE)
        reference_write(stdout);
    if (c->mode >= SCHEMA)
        return 0;
    if (load(c, r, &all))
        return EXIT_POLICY;
    if (c->mode == COMPILE)
        write_file(c->output, &all.bytes);
    else if (c->mode == CHECK)
        printf("%s: %u components, %u devices: no errors\n", c->name,
               all.manifest.header->component_count,
               all.manifest.header->device_count);
    else if (c->mode == DUMP)
        dump_write(stdout, r->arena, &all.manifest);
    else if (c->mode == REACH)
        reach_write(stdout, r->arena, &all.manifest);
    else if (c->mode == DOT)
        dot_write(stdout, r->arena, &all.manifest);
    else if (c->mode == BINARIES)
        binaries_write(stdout, &all.manifest);
    else
        return write_machine(all.policy);
    return 0;
}

int main(int argc, char **argv)
{
    struct command c = read_command(argc, argv);
    struct arena arena = {NULL};
    struct report report = {.arena = &arena};
    int status = run(&c, &report);

    arena_free(&arena);
    if (status == 0 && (fflush(stdout) != 0 || ferror(stdout)))
        file_error("standard output");
    return status;
}
