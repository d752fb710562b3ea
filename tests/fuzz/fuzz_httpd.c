/*
 * A client of the web server that sends anything, in pieces of any size: the
 * whole of a connection, from its bytes to the files. Nothing outside the root
 * may come out, every answer is one, a broken upload leaves nothing, and how
 * the bytes were cut makes no difference.
 *
 * links: servers/httpd/text.c servers/httpd/date.c servers/httpd/request.c
 * links: servers/httpd/target.c servers/httpd/range.c servers/httpd/condition.c
 * links: servers/httpd/chunked.c servers/httpd/media.c servers/httpd/file.c
 * links: servers/httpd/respond.c servers/httpd/listing.c servers/httpd/upload.c
 * links: servers/httpd/answer.c servers/httpd/connection.c
 * links: tests/unit/files_on_host.c
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#include "servers/httpd/connection.h"
#include "tests/unit/files_on_host.h"

#define SECRET     "not-for-the-world"
#define OUTPUT_MAX (1u << 20)
#define INPUT_MAX  16384u
#define TURNS      4000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char base[] = "/tmp/cordon-fuzz-http-XXXXXX";
static char root[128];
static struct site site = {.root = "", .put = "/upload", .log = false};
static char output[2][OUTPUT_MAX + 1];

static void check(bool ok)
{
    if (!ok)
        abort();
}

static const char *path_of(const char *name)
{
    static char path[600];

    snprintf(path, sizeof(path), "%s/%s", base, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *f = fopen(path_of(name), "w");
    struct utimbuf old = {1000000000, 1000000000};

    check(f && fputs(text, f) >= 0);
    fclose(f);
    utime(path_of(name), &old);
}

/* Also what was uploaded; names may be anything. */
static unsigned uploads_remove(void)
{
    char path[600];
    DIR *dir;
    struct dirent *d;
    unsigned count = 0;

    snprintf(path, sizeof(path), "%s/upload", root);
    dir = opendir(path);
    while (dir && (d = readdir(dir)))
        if (strcmp(d->d_name, ".") && strcmp(d->d_name, "..")) {
            check(strncmp(d->d_name, ".put-", 5));
            unlinkat(dirfd(dir), d->d_name, 0);
            count++;
        }
    closedir(dir);
    return count;
}

static void remove_all(void)
{
    char command[200];

    snprintf(command, sizeof(command), "rm -r %s", base);
    if (system(command))
        fputs("the directory stays\n", stderr);
}

static void prepare(void)
{
    static char large[8000];

    if (*root)
        return;
    check(mkdtemp(base));
    atexit(remove_all);
    snprintf(root, sizeof(root), "%s/root", base);
    files_on_host.root = root;
    check(!mkdir(root, 0755) && !mkdir(path_of("root/upload"), 0755) &&
          !mkdir(path_of("root/d"), 0755));
    write_file("secret", SECRET);
    write_file("root/a", "hello");
    write_file("root/d/b.html", "<p>");
    memset(large, 'x', sizeof(large) - 1);
    write_file("root/l", large);
    site.wall = 1700000000;
    check(library_open(&site.library, 1));
}

/* Take what the server sent. */
static size_t drain(int fd, char *to, size_t at)
{
    ssize_t n;

    while (at < OUTPUT_MAX && (n = recv(fd, to + at, OUTPUT_MAX - at, 0)) > 0)
        at += (size_t)n;
    return at;
}

/* Let the server work until it waits for more. */
static size_t work(struct connection *c, int fd, char *to, size_t at)
{
    for (unsigned i = 0; c->state != CONNECTION_CLOSED; i++) {
        size_t in = c->in_bytes;
        uint64_t moved = c->moved, before = at;
        enum connection_state state = c->state;

        check(i < TURNS);
        connection_turn(&site, c);
        check(c->in_bytes <= sizeof(c->in) && c->out_at <= c->out_bytes &&
              c->out_bytes <= sizeof(c->out) && c->at <= c->end);
        at = drain(fd, to, at);
        if (!c->more && c->in_bytes == in && c->moved == moved &&
            c->state == state && at == before)
            break;
    }
    return at;
}

/* One connection: `cut` says how the bytes come, 0: all at once. */
static size_t talk(const char *data, size_t bytes, unsigned cut, char *to)
{
    static struct connection c;
    size_t at = 0;
    int fds[2];

    check(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds));
    site.now += 1000000000u;
    connection_open(&site, &c, fds[0]);
    for (unsigned i = 0; bytes && c.state != CONNECTION_CLOSED; i++) {
        size_t n = cut ? 1 + (cut * (i + 1) % 97) : bytes;

        n = n < bytes ? n : bytes;
        check(send(fds[1], data, n, MSG_NOSIGNAL) == (ssize_t)n);
        data += n;
        bytes -= n;
        at = work(&c, fds[1], to, at);
    }
    shutdown(fds[1], SHUT_WR);
    at = work(&c, fds[1], to, at);
    /* What waits for more ends in time, too. */
    if (c.state != CONNECTION_CLOSED)
        connection_expire(&site, &c);
    at = work(&c, fds[1], to, at);
    connection_close(&site, &c);
    at = drain(fds[1], to, at);
    close(fds[1]);
    to[at] = 0;
    return at;
}

/* What holds for every output. */
static void check_output(const char *out, size_t bytes)
{
    check(!memmem(out, bytes, SECRET, strlen(SECRET)));
    check(!bytes || (bytes > 12 && !strncmp(out, "HTTP/1.1 ", 9)));
    check(!bytes || memmem(out, bytes, "\r\n\r\n", 4));
    check(!site.uploads);
    check(files_on_host.handles == site.library.handles);
    for (uint32_t i = 0; i < site.library.count; i++)
        check(!site.library.list[i].users);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data + 1;
    size_t whole, cut;

    if (size < 2 || size > INPUT_MAX)
        return 0;
    prepare();
    whole = talk(text, size - 1, 0, output[0]);
    check_output(output[0], whole);
    if (uploads_remove() || whole == OUTPUT_MAX)
        return 0; /* files made now have times of now */
    cut = talk(text, size - 1, 1 + data[0], output[1]);
    check_output(output[1], cut);
    uploads_remove();
    /* Who sends its body at once is not asked for it. */
    if (!strstr(output[1], " 100 "))
        check(whole == cut && !memcmp(output[0], output[1], whole));
    return 0;
}
