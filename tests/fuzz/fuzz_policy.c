/*
 * Any text as a policy: the compiler must refuse it with a message, or write a
 * manifest that the reader takes and that, dumped and compiled again, is the
 * same but for the lines.
 *
 * links: libsys/manifest.c libsys/manifest_check.c
 * links: tools/policyc/names.c
 * links: tools/policyc/arena.c tools/policyc/check.c
 * links: tools/policyc/check_devices.c tools/policyc/check_services.c
 * links: tools/policyc/check_network.c tools/policyc/check_start.c
 * links: tools/policyc/network.c
 * links: tools/policyc/compile.c tools/policyc/dump.c tools/policyc/encode.c
 * links: tools/policyc/keys.c tools/policyc/node.c tools/policyc/report.c
 * links: tools/policyc/schema.c tools/policyc/value.c
 * libs: -lyaml
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/policyc/compile.h"
#include "tools/policyc/output.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Sets the line of every record to 0, and the checksum to match. */
static void forget_lines(struct compiled *c)
{
    const struct manifest_header *h = c->manifest.header;
    const uint32_t counts[] = {
        h->component_count, h->device_count, h->network_count,
        h->ioport_count,    h->irq_count,    h->offer_count,
        h->use_count,       h->arg_count,    h->rule_count};
    static const size_t sizes[] = {
        sizeof(struct manifest_component),   sizeof(struct manifest_device),
        sizeof(struct manifest_network),     sizeof(struct manifest_ioport),
        sizeof(struct manifest_irq),         sizeof(struct manifest_offer),
        sizeof(struct manifest_use),         sizeof(struct manifest_arg),
        sizeof(struct manifest_network_rule)};
    char *at = (char *)c->bytes.data + sizeof *h;

    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (uint32_t k = 0; k < counts[i]; k++, at += sizes[i])
            memset(at, 0, 4);
    memset((char *)c->bytes.data + offsetof(struct manifest_header, crc32), 0,
           4);
}

static void compile_again(struct arena *arena, struct compiled *first)
{
    static const struct check_options options = {0, NULL};
    struct report report = {.arena = arena};
    struct compiled second;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    dump_write(out, arena, &first->manifest);
    fclose(out);
    if (compile_policy(&report, "f.yaml", text, size, &options, &second) != 0) {
        fprintf(stderr, "%s", text);
        report_print(&report, stderr);
        abort();
    }
    forget_lines(first);
    forget_lines(&second);
    if (first->bytes.size != second.bytes.size ||
        memcmp(first->bytes.data, second.bytes.data, second.bytes.size) != 0) {
        fprintf(stderr, "not the same again:\n%s", text);
        abort();
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct check_options options = {0, NULL};
    static FILE *sink;
    struct arena arena = {NULL};
    struct report report = {.arena = &arena};
    struct compiled compiled;
    char *text = arena_copy(&arena, (const char *)data, size);

    if (sink == NULL)
        sink = fopen("/dev/null", "w");
    if (compile_policy(&report, "f.yaml", text, size, &options, &compiled) == 0)
        compile_again(&arena, &compiled);
    else if (report.count == 0)
        abort(); /* refused without a word */
    else if (sink != NULL)
        report_print(&report, sink);
    arena_free(&arena);
    return 0;
}
