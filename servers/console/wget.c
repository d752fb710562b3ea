/*
 * wget: one GET (RFC 9110), followed through redirections; the body goes to a
 * file, or only its SHA-256 and size are shown.
 */
#include <cordon/clock.h>
#include <stdio.h>
#include <string.h>

#include "servers/console/cmd_network.h"
#include "servers/console/http.h"
#include "servers/console/network.h"
#include "servers/console/sha256.h"
#include "servers/console/shell.h"
#include "servers/console/table.h"
#include "servers/console/url.h"

#define SILENCE_LIMIT (20 * NS_PER_S)
#define SHOW_NS       (250 * NS_PER_MS)
#define REDIRECTS_MAX 5u

struct download {
    struct net *net;
    unsigned socket;
    struct url url;
    struct http_response response;
    const char *file; /* NULL: only sum it up */
    struct files *files;
    uint64_t handle; /* open if `bytes` or DONE say so */
    bool is_open;
    struct sha256 sum;
    uint64_t bytes, started, shown;
};

/* --- the body --- */

static int open_file(struct download *d)
{
    char path[FILES_PATH_MAX + 1];
    int error;

    d->files = shell_files();
    if (!d->files || shell_path(d->file, path))
        return SHELL_FAILED;
    error = files_open(d->files, path,
                       FILES_OPEN_WRITE | FILES_OPEN_CREATE |
                           FILES_OPEN_TRUNCATE | FILES_OPEN_MODE(0644),
                       &d->handle, NULL);
    if (error)
        return shell_fail_file(d->file, error);
    d->is_open = true;
    return SHELL_OK;
}

static int take_body(struct download *d, const void *data, size_t bytes)
{
    int error = 0;

    if (d->file)
        error = files_write(d->files, d->handle, d->bytes, data, bytes, NULL);
    else
        sha256_add(&d->sum, data, bytes);
    d->bytes += bytes;
    return error ? shell_fail_file(d->file, error) : SHELL_OK;
}

static void show_progress(struct download *d, bool last)
{
    const struct http_response *r = &d->response;
    uint64_t now = clock_now();
    char have[16], all[16];

    if (!shell_has_colour() ||
        (last ? d->shown == d->started : now - d->shown < SHOW_NS))
        return;
    d->shown = now;
    printf("\r\033[K");
    if (!last && r->has_length && r->length)
        printf("%3u %%, %s of %s", (unsigned)(d->bytes * 100 / r->length),
               format_bytes(have, sizeof(have), d->bytes),
               format_bytes(all, sizeof(all), r->length));
    else if (!last)
        printf("%s", format_bytes(have, sizeof(have), d->bytes));
    fflush(stdout);
}

static void show_result(struct download *d)
{
    uint64_t took = clock_now() - d->started;
    char bytes[16], rate[16], time[24], text[SHA256_TEXT_BYTES];
    uint8_t digest[SHA256_BYTES];

    if (!d->file) {
        sha256_end(&d->sum, digest);
        sha256_text(digest, text);
        printf("%s  %s\n", text, d->url.path);
    }
    printf("%s%s%llu bytes (%s) in %s, %s/s\n", d->file ? d->file : "",
           d->file ? ": " : "", (unsigned long long)d->bytes,
           format_bytes(bytes, sizeof(bytes), d->bytes),
           format_time(time, sizeof(time), took),
           format_bytes(
               rate, sizeof(rate),
               (uint64_t)((double)d->bytes * 1e9 / (double)(took ? took : 1))));
}

/* --- the connection --- */

/* To the first of the host's addresses that takes it. */
static int connect_host(struct download *d)
{
    struct net_address found[NET_ANSWERS_MAX];
    char text[NETWORK_TEXT_BYTES];
    unsigned count;

    if (network_find(d->net, d->url.host, 0, found, &count))
        return SHELL_FAILED;
    for (unsigned i = 0; i < count && !shell_interrupted(); i++) {
        int status;

        found[i].port = d->url.port;
        status = network_connect(d->net, &found[i], &d->socket);
        if (!status)
            return SHELL_OK;
        if (!shell_interrupted())
            network_fail(network_text(text, &found[i]), status);
    }
    return SHELL_FAILED;
}

static int send_request(struct download *d)
{
    char text[URL_PATH_BYTES + URL_AUTHORITY_BYTES + 128];
    char authority[URL_AUTHORITY_BYTES];
    size_t bytes = (size_t)snprintf(
        text, sizeof(text),
        "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: cordon-wget\r\n"
        "Accept-Encoding: identity\r\nConnection: close\r\n\r\n",
        d->url.path, url_authority(&d->url, authority));

    /* The ring is empty and at least as large. */
    if (net_send(d->net, d->socket, text, bytes) != bytes)
        return network_fail(d->url.host, NET_E_MEMORY);
    net_kick(d->net);
    return SHELL_OK;
}

static bool is_redirection(const struct http_response *r)
{
    return r->location[0] &&
           (r->status == 301 || r->status == 302 || r->status == 303 ||
            r->status == 307 || r->status == 308);
}

/* The head is there: is there anything to take? */
static int judge_head(struct download *d)
{
    char text[80];

    if (is_redirection(&d->response))
        return SHELL_OK;
    if (d->response.status != 200) {
        snprintf(text, sizeof(text), "the server answered %u%s",
                 d->response.status,
                 d->response.status == 404   ? ", not found"
                 : d->response.status == 403 ? ", forbidden"
                 : d->response.status == 503 ? ", busy"
                                             : "");
        return shell_fail(d->url.path, text);
    }
    return d->file ? open_file(d) : SHELL_OK;
}

/* Takes one piece. Not SHELL_OK: it has been said why. */
static int take_piece(struct download *d, const void *data, size_t bytes)
{
    struct http_response *r = &d->response;
    const uint8_t *at = data;

    while (bytes && r->state != HTTP_DONE && r->state != HTTP_BAD) {
        bool had_head = http_has_head(r);
        const void *body;
        size_t body_bytes, taken = http_feed(r, at, bytes, &body, &body_bytes);

        at += taken, bytes -= taken;
        if (!had_head && http_has_head(r)) {
            if (judge_head(d))
                return SHELL_FAILED;
            if (is_redirection(r))
                r->state = HTTP_DONE; /* its body is for people */
        }
        if (body_bytes && take_body(d, body, body_bytes))
            return SHELL_FAILED;
    }
    return r->state == HTTP_BAD ? shell_fail(d->url.host, r->wrong) : SHELL_OK;
}

/* Nothing is there to take: waits. Not SHELL_OK: it has been said why. */
static int wait_for_more(struct download *d)
{
    unsigned events = net_events(d->net, d->socket);
    int status = net_state(d->net);
    const char *wrong;

    if (events & NET_DEAD && !(events & NET_END)) {
        status = net_take_error(d->net, d->socket);
        return network_fail(d->url.host, status ? status : NET_E_ABORTED);
    }
    if (events & NET_END && !net_receive_waiting(d->net, d->socket)) {
        wrong = http_end(&d->response);
        return wrong ? shell_fail(d->url.host, wrong) : SHELL_OK;
    }
    if (!status && !network_wait(d->net, clock_after(SILENCE_LIMIT)) &&
        !shell_interrupted())
        status = net_state(d->net) ? net_state(d->net) : NET_E_TIMEOUT;
    while (net_news(d->net) >= 0)
        ;
    return status ? network_fail(d->url.host, status) : SHELL_OK;
}

static int receive(struct download *d)
{
    http_start(&d->response);
    while (d->response.state != HTTP_DONE) {
        size_t bytes;
        const void *data = net_receive_data(d->net, d->socket, &bytes);

        if (shell_interrupted())
            return SHELL_INTERRUPTED;
        if (data ? take_piece(d, data, bytes) : wait_for_more(d))
            return SHELL_FAILED;
        if (data)
            net_receive_pass(d->net, d->socket, bytes);
        show_progress(d, false);
    }
    return SHELL_OK;
}

/* One request and its answer. */
static int fetch(struct download *d)
{
    int status = connect_host(d);

    if (status)
        return status;
    d->started = clock_now();
    d->shown = d->started;
    status = send_request(d);
    if (!status)
        status = receive(d);
    show_progress(d, true);
    net_socket_close(d->net, d->socket, status != SHELL_OK);
    net_kick(d->net);
    return status;
}

static int follow(struct download *d)
{
    int status = SHELL_OK;

    for (unsigned i = 0; !status; i++) {
        const char *wrong;

        status = fetch(d);
        if (status || !is_redirection(&d->response))
            return status;
        if (i == REDIRECTS_MAX)
            return shell_fail(d->url.host, "more than 5 redirections");
        wrong = url_follow(&d->url, d->response.location);
        if (wrong)
            return shell_fail(d->response.location, wrong);
    }
    return status;
}

/* URL and options in any order. Not 0: wrong. */
static int parse(int argc, char **argv, struct download *d, const char **url)
{
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "-O") && i + 1 < argc)
            d->file = argv[++i];
        else if (argv[i][0] == '-' || *url)
            return -1;
        else
            *url = argv[i];
    }
    return *url ? 0 : -1;
}

int do_wget(int argc, char **argv)
{
    static struct download d;
    const char *url = NULL, *wrong;
    int status, error = 0;

    d = (struct download){0};
    if (parse(argc, argv, &d, &url))
        return shell_usage();
    wrong = url_parse(url, &d.url);
    if (wrong)
        return shell_fail(url, wrong);
    d.net = network_open_ready();
    if (!d.net)
        return SHELL_FAILED;
    sha256_start(&d.sum);
    status = follow(&d);
    if (d.is_open)
        error = files_close(d.files, d.handle);
    if (!status && error)
        status = shell_fail_file(d.file, error);
    if (!status)
        show_result(&d);
    return status;
}
