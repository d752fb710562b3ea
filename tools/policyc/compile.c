/*
 * The stages: text to nodes, nodes to a policy, checks, bytes. The reader that
 * init uses has the last word on the bytes.
 */
#include "compile.h"

#include "schema.h"

#include <string.h>

int compile_policy(struct report *r, const char *file, const char *text,
                   size_t size, const struct check_options *options,
                   struct compiled *out)
{
    const struct node *root;
    struct policy *policy;
    char error[256];

    if (strlen(file) > MANIFEST_TEXT_MAX)
        file += strlen(file) - MANIFEST_TEXT_MAX;
    r->file = file;
    r->text = text;
    r->size = size;
    root = node_parse(r, text, size);
    if (root == NULL)
        return -1;
    policy = schema_read(r, root);
    check_policy(r, policy, options);
    if (r->count != 0)
        return -1;
    out->policy = policy;
    out->bytes = encode_policy(r, policy, file);
    if (out->bytes.data == NULL)
        return -1;
    if (manifest_open(out->bytes.data, out->bytes.size, &out->manifest, error,
                      sizeof error)) {
        report_error(r, (struct place){0, 0},
                     "policyc wrote a manifest that does not check: %s", error);
        report_hint(r, "this is a bug of policyc");
        return -1;
    }
    return 0;
}
