/*
 * Directory listings (listing.h).
 */
#include "listing.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "servers/httpd/date.h"

#define PAGE_BYTES 512u /* around the entries, beside the title */

struct entry {
    char *name;
    bool directory;
};

struct listing {
    struct entry *entries;
    uint32_t count, left_out;
};

static int add(void *context, const char *name, const struct files_entry *e)
{
    struct listing *list = context;
    struct entry *entry = &list->entries[list->count];

    if (!strcmp(name, ".") || !strcmp(name, "..") ||
        !strncmp(name, HIDDEN_PREFIX, strlen(HIDDEN_PREFIX)))
        return 0;
    if (list->count == LISTING_MAX) {
        list->left_out++;
        return 0;
    }
    entry->name = strdup(name);
    if (!entry->name)
        return FILES_ERR_MEMORY;
    entry->directory = e->type == FILES_TYPE_DIRECTORY;
    list->count++;
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->name,
                  ((const struct entry *)b)->name);
}

static int read_entries(struct library *l, const char *path,
                        struct listing *list)
{
    uint64_t handle;
    struct files_stat stat;
    int error = files_open(&l->files, *path ? path : "/", FILES_MUST_DIRECTORY,
                           &handle, &stat);

    if (error)
        return error;
    list->entries = calloc(LISTING_MAX, sizeof(*list->entries));
    error = list->entries ? files_list(&l->files, handle, add, list)
                          : FILES_ERR_MEMORY;
    files_close(&l->files, handle);
    if (!error)
        qsort(list->entries, list->count, sizeof(*list->entries), by_name);
    return error;
}

/* An upper bound: every byte of a name as six ("&quot;") and as three (%XX). */
static size_t room_for(const struct listing *list, const char *shown)
{
    size_t room = PAGE_BYTES + 12 * strlen(shown);

    for (uint32_t i = 0; i < list->count; i++)
        room += 9 * strlen(list->entries[i].name) + 96;
    return room;
}

/* Name, then size and time; those of what has just gone stay empty. */
static void put_entry(struct library *l, struct text *t, const char *path,
                      const struct entry *e)
{
    const char *slash = e->directory ? "/" : "";
    char full[2 * FILES_PATH_MAX];
    struct text f = text_in(full, sizeof(full) - 1);
    struct files_stat stat;

    text_put(&f, path);
    text_put(&f, "/");
    text_put(&f, e->name);
    full[f.bytes] = 0;
    text_put(t, "<tr><td><a href=\"./");
    text_url(t, e->name);
    text_put(t, slash);
    text_put(t, "\">");
    text_html(t, e->name);
    text_put(t, slash);
    text_put(t, "</a><td>");
    if (!files_stat(&l->files, full, FILES_NO_FOLLOW, &stat)) {
        if (S_ISREG(stat.mode))
            text_number(t, stat.size);
        text_put(t, "<td>");
        date_put_short(t, stat.modify_seconds);
    }
    text_put(t, "\n");
}

static void put_page(struct library *l, struct text *t, const char *path,
                     const char *shown, const struct listing *list)
{
    text_put(t, "<!doctype html><meta charset=\"utf-8\"><title>");
    text_html(t, shown);
    text_put(t, "/</title>\n<style>td{padding:0 1em 0 0}"
                "td:nth-child(2){text-align:right}</style>\n<h1>");
    text_html(t, shown);
    text_put(t, "/</h1>\n<table>\n");
    if (*shown)
        text_put(t, "<tr><td><a href=\"../\">../</a>\n");
    for (uint32_t i = 0; i < list->count; i++)
        put_entry(l, t, path, &list->entries[i]);
    text_put(t, "</table>\n");
    if (list->left_out) {
        text_put(t, "<p>and ");
        text_number(t, list->left_out);
        text_put(t, " more\n");
    }
}

int listing_make(struct library *l, const char *path, const char *shown,
                 uint64_t now, char **html, size_t *bytes)
{
    struct listing list = {0};
    int error = library_ready(l, now);
    struct text t;

    if (!error)
        error = library_result(l, read_entries(l, path, &list), now);
    t = text_in(NULL, room_for(&list, shown));
    if (!error && !(t.data = malloc(t.room)))
        error = FILES_ERR_MEMORY;
    if (!error) {
        put_page(l, &t, path, shown, &list);
        library_result(l, FILES_OK, now);
        *html = realloc(t.data, t.bytes); /* smaller */
        *bytes = t.bytes;
    }
    for (uint32_t i = 0; i < list.count; i++)
        free(list.entries[i].name);
    free(list.entries);
    return error;
}
