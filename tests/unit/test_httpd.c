/*
 * The web server over real connections on the loopback, with a directory of the
 * host for its files: answers, order, slow and rude clients, uploads, a file
 * server that goes away.
 *
 * links: servers/httpd/text.c servers/httpd/date.c servers/httpd/request.c
 * links: servers/httpd/target.c servers/httpd/range.c servers/httpd/condition.c
 * links: servers/httpd/chunked.c servers/httpd/media.c servers/httpd/file.c
 * links: servers/httpd/respond.c servers/httpd/listing.c servers/httpd/upload.c
 * links: servers/httpd/answer.c servers/httpd/connection.c
 * links: servers/httpd/server.c libsys/posix/socket_serve.c
 * links: tests/unit/files_on_host.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

#include "servers/httpd/server.h"
#include "tests/unit/files_on_host.h"

#define BIG_BYTES  (3u << 20)
#define ROUND_NS   1000000ull
#define QUIET      20 /* rounds without a byte until nothing more will come */
#define ANSWER_MAX (4u << 20)
#define HOST       " HTTP/1.1\r\nHost: x\r\n"

static struct server server;
static char root[] = "/tmp/cordon-httpd-XXXXXX";
static char *big;
static char answer_text[ANSWER_MAX + 1];

/* ---- The directory ---- */

static const char *path_of(const char *name)
{
    static char path[512];

    snprintf(path, sizeof(path), "%s/%s", root, name);
    return path;
}

static void write_file(const char *name, const void *data, size_t bytes)
{
    FILE *f = fopen(path_of(name), "wb");
    struct utimbuf old = {1000000000, 1000000000};

    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, bytes, f), bytes);
    fclose(f);
    utime(path_of(name), &old);
}

static bool file_is(const char *name, const char *data, size_t bytes)
{
    char *got = malloc(bytes + 1);
    FILE *f = fopen(path_of(name), "rb");
    bool same =
        f && fread(got, 1, bytes + 1, f) == bytes && !memcmp(got, data, bytes);

    if (f)
        fclose(f);
    free(got);
    return same;
}

static bool file_exists(const char *name)
{
    return !access(path_of(name), F_OK);
}

static void make_files(void)
{
    assert_non_null(mkdtemp(root));
    assert_int_equal(mkdir(path_of("dir"), 0755), 0);
    assert_int_equal(mkdir(path_of("with index"), 0755), 0);
    write_file("small.txt", "hello, world\n", 13);
    write_file("empty", "", 0);
    write_file("dir/a&b<c>.html", "x", 1);
    write_file("dir/zz", "zz", 2);
    write_file("dir/Aa", "a", 1);
    write_file("with index/index.html", "<p>index", 8);
    big = malloc(BIG_BYTES);
    for (uint32_t i = 0, x = 1; i < BIG_BYTES; i++) {
        x = x * 1664525u + 1013904223u;
        big[i] = (char)(x >> 24);
    }
    write_file("big.bin", big, BIG_BYTES);
}

static int setup_all(void **state)
{
    (void)state;
    make_files();
    return 0;
}

static int teardown_all(void **state)
{
    char command[128];

    (void)state;
    free(big);
    snprintf(command, sizeof(command), "rm -r %s", root);
    return system(command);
}

/* ---- The server ---- */

/* A port that was free just now. */
static unsigned free_port(void)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6};
    socklen_t bytes = sizeof(a);
    int fd = socket(AF_INET6, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &bytes), 0);
    close(fd);
    return ntohs(a.sin6_port);
}

static void start(const char *more, const char *most)
{
    static char arguments[4][64];
    char *list[4] = {arguments[0], arguments[1], arguments[2], arguments[3]};
    int count = 1;

    files_on_host = (struct files_on_host){.root = root};
    snprintf(arguments[0], 64, "port=%u", free_port());
    if (more)
        strcpy(arguments[count++], more);
    if (most)
        strcpy(arguments[count++], most);
    assert_null(server_arguments(&server, count, list));
    assert_true(server_open(&server));
    assert_true(server.listener >= 0);
}

static int setup(void **state)
{
    (void)state;
    start("put=/upload", NULL);
    return 0;
}

static int setup_four(void **state)
{
    (void)state;
    start("put=/upload", "connections=4");
    return 0;
}

static int setup_read_only(void **state)
{
    (void)state;
    start("root=/dir/", NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    server_close(&server);
    return 0;
}

static void rounds(unsigned count)
{
    while (count--)
        server_round(&server, 0);
}

/* The clock goes on by so much: deadlines that were far are past. */
static void time_passes(uint64_t ns)
{
    for (uint32_t i = 0; i < server.count; i++)
        server.order[i]->deadline -= ns;
    server.tick = 0;
    rounds(2);
}

/* ---- A client ---- */

static int connect_client(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons(server.port),
                            .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

static void say_bytes(int fd, const char *data, size_t bytes)
{
    while (bytes) {
        ssize_t n = send(fd, data, bytes, MSG_NOSIGNAL);

        if (n < 0 && errno != EAGAIN)
            return; /* the server has had enough */
        if (n > 0) {
            data += n;
            bytes -= (size_t)n;
        }
        server_round(&server, 0);
    }
}

static void say(int fd, const char *text)
{
    say_bytes(fd, text, strlen(text));
}

/* The server has more of an upload to take. */
static bool is_uploading(void)
{
    static uint64_t seen;
    uint64_t now = 0;

    for (uint32_t i = 0; i < server.count; i++)
        if (server.order[i]->upload)
            now += server.order[i]->moved;
    if (now == seen)
        return false;
    seen = now;
    return now;
}

/* What arrives until the server closes, or nothing has come for a while. */
static size_t hear(int fd, bool *closed)
{
    size_t bytes = 0;
    int idle = 0;

    *closed = false;
    while (idle < QUIET && !*closed) {
        ssize_t n = recv(fd, answer_text + bytes, ANSWER_MAX - bytes, 0);

        if (n == 0 || (n < 0 && errno != EAGAIN))
            *closed = true;
        bytes += n > 0 ? (size_t)n : 0;
        idle = n > 0 || is_uploading() ? 0 : idle + 1;
        server_round(&server, n > 0 ? 0 : ROUND_NS);
    }
    answer_text[bytes] = 0;
    return bytes;
}

static void assert_has(const char *text)
{
    if (!strstr(answer_text, text))
        fail_msg("no '%s' in:\n%.2000s", text, answer_text);
}

static void assert_not(const char *text)
{
    if (strstr(answer_text, text))
        fail_msg("'%s' in:\n%.2000s", text, answer_text);
}

static void assert_status(int status)
{
    char line[32];

    snprintf(line, sizeof(line), "HTTP/1.1 %d ", status);
    if (strncmp(answer_text, line, strlen(line)))
        fail_msg("not %d:\n%.2000s", status, answer_text);
}

static const char *body(void)
{
    char *end = strstr(answer_text, "\r\n\r\n");

    assert_non_null(end);
    return end + 4;
}

/* One request on a connection of its own; the answer is in answer_text. True if
 * the server then closed. */
static bool ask(const char *request)
{
    int fd = connect_client();
    bool closed;

    say(fd, request);
    hear(fd, &closed);
    close(fd);
    rounds(2);
    return closed;
}

static void ask_status(const char *request, int status)
{
    ask(request);
    assert_status(status);
}

/* ---- GET and HEAD ---- */

static void a_file_is_sent(void **state)
{
    (void)state;
    assert_false(ask("GET /small.txt" HOST "\r\n"));
    assert_status(200);
    assert_has("\r\nContent-Length: 13\r\n");
    assert_has("\r\nContent-Type: text/plain; charset=utf-8\r\n");
    assert_has("\r\nLast-Modified: Sun, 09 Sep 2001 01:46:40 GMT\r\n");
    assert_has("\r\nAccept-Ranges: bytes\r\n");
    assert_has("\r\nETag: \"");
    assert_has("\r\nDate: ");
    assert_string_equal(body(), "hello, world\n");
    ask_status("GET /empty" HOST "\r\n", 200);
    assert_has("\r\nContent-Length: 0\r\n");
    assert_string_equal(body(), "");
}

static void a_file_is_sent_over_ipv6(void **state)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6,
                             .sin6_port = htons(server.port),
                             .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    bool closed;

    (void)state;
    if (connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0) {
        close(fd);
        skip(); /* a host without IPv6 */
    }
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    say(fd, "GET /small.txt" HOST "\r\n");
    hear(fd, &closed);
    assert_status(200);
    close(fd);
}

static void arguments_are_checked(void **state)
{
    static const char *const bad[] = {
        "port=0", "port=65536", "port=",         "port=http",
        "root=a", "put=upload", "connections=0", "connections=251",
        "logs",   "",           "port",          "log=1"};
    struct server s;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[32], *list[1] = {text};

        strcpy(text, bad[i]);
        assert_ptr_equal(server_arguments(&s, 1, list), text);
    }
}

static void head_has_no_body(void **state)
{
    (void)state;
    ask_status("HEAD /small.txt" HOST "\r\n", 200);
    assert_has("\r\nContent-Length: 13\r\n");
    assert_string_equal(body(), "");
    ask_status("HEAD /nothing" HOST "\r\n", 404);
    assert_string_equal(body(), "");
    ask_status("HEAD /dir/" HOST "\r\n", 200);
    assert_string_equal(body(), "");
}

static void a_large_file_arrives_whole(void **state)
{
    (void)state;
    ask_status("GET /big.bin" HOST "\r\n", 200);
    assert_memory_equal(body(), big, BIG_BYTES);
    assert_int_equal(server.site.library.handles, 1);
}

static void ranges_are_sent(void **state)
{
    (void)state;
    ask_status("GET /big.bin" HOST "Range: bytes=1000-300000\r\n\r\n", 206);
    assert_has("\r\nContent-Length: 299001\r\n");
    assert_has("\r\nContent-Range: bytes 1000-300000/3145728\r\n");
    assert_memory_equal(body(), big + 1000, 299001);
    ask_status("GET /small.txt" HOST "Range: bytes=-6\r\n\r\n", 206);
    assert_string_equal(body(), "world\n");
    ask_status("GET /small.txt" HOST "Range: bytes=13-\r\n\r\n", 416);
    assert_has("\r\nContent-Range: bytes */13\r\n");
    ask_status("GET /small.txt" HOST "Range: bytes=0-1,3-4\r\n\r\n", 200);
    assert_string_equal(body(), "hello, world\n");
    ask_status("HEAD /small.txt" HOST "Range: bytes=0-1\r\n\r\n", 200);
    ask_status("GET /small.txt" HOST
               "Range: bytes=0-1\r\nIf-Range: \"x\"\r\n\r\n",
               200);
}

static void conditions_are_kept(void **state)
{
    char request[256], tag[64];

    (void)state;
    ask_status("GET /small.txt" HOST "\r\n", 200);
    sscanf(strstr(answer_text, "ETag: "), "ETag: %63s", tag);
    snprintf(request, sizeof(request),
             "GET /small.txt" HOST "If-None-Match: %s\r\n\r\n", tag);
    ask_status(request, 304);
    assert_has(tag);
    assert_string_equal(body(), "");
    snprintf(request, sizeof(request),
             "GET /small.txt" HOST "If-Match: %s\r\n\r\n", tag);
    ask_status(request, 200);
    ask_status("GET /small.txt" HOST "If-Match: \"x\"\r\n\r\n", 412);
    ask_status("GET /small.txt" HOST
               "If-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT\r\n\r\n",
               304);
    snprintf(request, sizeof(request),
             "GET /small.txt" HOST "Range: bytes=0-0\r\nIf-Range: %s\r\n\r\n",
             tag);
    ask_status(request, 206);
}

static void a_changed_file_is_noticed(void **state)
{
    (void)state;
    write_file("changing", "one", 3);
    ask_status("GET /changing" HOST "\r\n", 200);
    assert_string_equal(body(), "one");
    write_file("changing", "four", 4);
    usleep(FILE_TRUST_NS / 1000 + 20000);
    ask_status("GET /changing" HOST "\r\n", 200);
    assert_string_equal(body(), "four");
    unlink(path_of("changing"));
    usleep(FILE_TRUST_NS / 1000 + 20000);
    ask_status("GET /changing" HOST "\r\n", 404);
}

static void directories_are_listed(void **state)
{
    const char *a, *b, *c;

    (void)state;
    ask_status("GET /dir" HOST "\r\n", 301);
    assert_has("\r\nLocation: /dir/\r\n");
    ask_status("GET /with%20index" HOST "\r\n", 301);
    assert_has("\r\nLocation: /with%20index/\r\n");
    ask_status("GET /dir/" HOST "\r\n", 200);
    assert_has("\r\nContent-Type: text/html; charset=utf-8\r\n");
    a = strstr(answer_text, "href=\"./Aa\">Aa</a><td>1<td>2001-09-09 01:46");
    b = strstr(answer_text,
               "href=\"./a%26b%3Cc%3E.html\">a&amp;b&lt;c&gt;.html</a>");
    c = strstr(answer_text, "href=\"./zz\">zz</a><td>2<");
    assert_true(a && b && c && a < b && b < c);
    assert_has("href=\"../\"");
    ask_status("GET /" HOST "\r\n", 200);
    assert_has("href=\"./with%20index/\">with index/</a>");
    assert_not("href=\"../\"");
    ask_status("GET /with%20index/" HOST "\r\n", 200);
    assert_string_equal(body(), "<p>index");
    ask_status("GET /small.txt/" HOST "\r\n", 404);
}

static void paths_stay_below_the_root(void **state)
{
    (void)state;
    ask_status("GET /../../small.txt" HOST "\r\n", 404);
    ask_status("GET /%2e%2e/zz" HOST "\r\n", 200);
    ask_status("GET /zz" HOST "\r\n", 200);
    ask_status("GET /" HOST "\r\n", 200);
    assert_has("zz</a>");
    assert_not("small.txt");
}

static void names_that_are_too_long(void **state)
{
    char request[9000];

    (void)state;
    for (size_t length = 300; length < 9000; length += 2000) {
        memset(request, 'a', sizeof(request));
        memcpy(request, "GET /", 5);
        strcpy(request + 5 + (length > 8000 ? 8000 : length), HOST "\r\n");
        ask_status(request, 414);
    }
}

/* ---- Requests that are none ---- */

static void what_is_malformed_is_refused(void **state)
{
    char request[10000] = "GET / HTTP/1.1\r\nHost: x\r\n";

    (void)state;
    assert_true(ask("rubbish\r\n\r\n"));
    assert_status(400);
    assert_has("\r\nConnection: close\r\n");
    ask_status("\x16\x03\x01\x02\n\r\n\n", 400);
    ask_status("GET /%00" HOST "\r\n", 400);
    ask_status("BREW /" HOST "\r\n", 501);
    ask_status("GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505);
    ask_status("POST /small.txt" HOST "Content-Length: 3\r\n\r\nabc", 405);
    assert_has("\r\nAllow: GET, HEAD, PUT, DELETE\r\n");
    ask_status("OPTIONS *" HOST "\r\n", 405);
    memset(request + strlen(request), 'a', 9000);
    ask_status(request, 431);
    /* The server is well. */
    ask_status("\r\n\r\nGET /small.txt" HOST "\r\n", 200);
}

static void a_request_may_come_byte_by_byte(void **state)
{
    const char *request = "GET /small.txt" HOST "\r\n";
    int fd = connect_client();
    bool closed;

    (void)state;
    for (size_t i = 0; request[i]; i++) {
        say_bytes(fd, request + i, 1);
        rounds(1);
    }
    hear(fd, &closed);
    assert_status(200);
    assert_string_equal(body(), "hello, world\n");
    close(fd);
}

/* ---- Connections ---- */

static void requests_are_answered_in_order(void **state)
{
    int fd = connect_client();
    size_t bytes;
    bool closed;
    char *at;

    (void)state;
    say(fd, "GET /small.txt" HOST "\r\nGET /big.bin" HOST
            "Range: bytes=0-99999\r\n\r\nHEAD /empty" HOST
            "\r\nGET /nothing" HOST "\r\nGET /dir/zz" HOST
            "Connection: close\r\n\r\nGET /small.txt" HOST "\r\n");
    bytes = hear(fd, &closed);
    assert_true(closed);
    assert_status(200);
    at = strstr(answer_text, "hello, world\nHTTP/1.1 206 ");
    assert_non_null(at);
    at = strstr(at + 13, "\r\n\r\n") + 4;
    assert_memory_equal(at, big, 100000);
    at += 100000;
    assert_true(!strncmp(at, "HTTP/1.1 200 OK", 15));
    at = strstr(at, "\r\n\r\n") + 4;
    assert_true(!strncmp(at, "HTTP/1.1 404 ", 13));
    at = strstr(at, "HTTP/1.1 200 OK");
    assert_non_null(at);
    assert_string_equal(strstr(at, "\r\n\r\n"), "\r\n\r\nzz");
    assert_int_equal(bytes, strlen(at) + (size_t)(at - answer_text));
    close(fd);
}

static void http_1_0_closes_unless_asked(void **state)
{
    (void)state;
    assert_true(ask("GET /small.txt HTTP/1.0\r\n\r\n"));
    assert_status(200);
    assert_has("\r\nConnection: close\r\n");
    assert_false(
        ask("GET /small.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    assert_has("\r\nConnection: keep-alive\r\n");
}

static void slow_clients_are_let_go(void **state)
{
    int idle = connect_client(), head = connect_client();
    int reader = connect_client();
    bool closed;

    (void)state;
    say(head, "GET /small");
    say(reader, "GET /big.bin" HOST "\r\n");
    rounds(20);
    assert_int_equal(server.count, 3);
    time_passes(HEAD_NS);
    hear(head, &closed);
    assert_true(closed);
    assert_status(408);
    close(head);
    rounds(2);
    assert_int_equal(server.count, 2);
    time_passes(IDLE_NS - HEAD_NS);
    hear(idle, &closed);
    assert_true(closed && server.count == 1);
    assert_string_equal(answer_text, "");
    /* The reader stops; others do not notice. */
    ask_status("GET /small.txt" HOST "\r\n", 200);
    time_passes(STALL_NS);
    assert_int_equal(server.count, 0);
    close(idle);
    close(reader);
}

static void a_trickle_does_not_hold_a_connection(void **state)
{
    struct connection *c;
    int reader = connect_client();

    (void)state;
    say(reader, "GET /big.bin" HOST "\r\n");
    rounds(20);
    c = server.order[0];
    assert_int_equal(c->state, CONNECTION_SEND);
    c->began -= 3600 * 1000000000ull; /* an hour for what was sent so far */
    c->moved = 1000000;
    assert_true(recv(reader, answer_text, ANSWER_MAX, 0) > 0);
    rounds(3);
    server.tick = 0;
    rounds(1);
    assert_int_equal(server.count, 0);
    close(reader);
}

static void many_at_once(void **state)
{
    enum { COUNT = 120 };
    static size_t got[COUNT];
    int fds[COUNT];
    unsigned open = COUNT;

    (void)state;
    memset(got, 0, sizeof(got));
    for (int i = 0; i < COUNT; i++) {
        char request[100];

        fds[i] = connect_client();
        snprintf(request, sizeof(request),
                 "GET /big.bin" HOST "Range: bytes=%d-%d\r\n"
                 "Connection: close\r\n\r\n",
                 i * 1000, i * 1000 + 199999);
        say(fds[i], request);
    }
    while (open) {
        for (int i = 0; i < COUNT; i++) {
            static char piece[20000];
            ssize_t n = fds[i] < 0 ? -1 : recv(fds[i], piece, 20000, 0);

            got[i] += n > 0 ? (size_t)n : 0;
            if (n == 0) {
                close(fds[i]);
                fds[i] = -1;
                open--;
            }
        }
        server_round(&server, 0);
    }
    for (int i = 0; i < COUNT; i++)
        assert_in_range(got[i], 200000, 200500);
    assert_true(files_on_host.most <= FILES_HANDLES_MAX);
}

static void more_files_than_handles(void **state)
{
    enum { COUNT = 60 };
    int fds[COUNT];
    bool closed;
    char name[32], request[100];

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof(name), "many%d", i);
        write_file(name, big + i, 1 << 20);
        snprintf(request, sizeof(request), "GET /%s" HOST "\r\n", name);
        fds[i] = connect_client();
        say(fds[i], request);
        rounds(2);
    }
    for (int i = 0; i < COUNT; i++) {
        hear(fds[i], &closed);
        assert_status(200);
        assert_memory_equal(body(), big + i, 1 << 20);
        close(fds[i]);
        snprintf(name, sizeof(name), "many%d", i);
        unlink(path_of(name));
    }
    assert_true(files_on_host.most <= FILES_HANDLES_MAX);
}

/* Four at most: an idle one makes room, busy ones do not. */
static void when_all_are_taken(void **state)
{
    int fds[5];
    bool closed;

    (void)state;
    for (int i = 0; i < 5; i++) {
        fds[i] = connect_client();
        rounds(3);
        if (i < 4)
            usleep(2000);
    }
    assert_int_equal(server.count, 4);
    hear(fds[0], &closed);
    assert_true(closed);
    for (int i = 1; i < 5; i++)
        say(fds[i], "GET /big.bin" HOST "\r\n");
    close(fds[0]);
    fds[0] = connect_client();
    say(fds[0], "GET /small.txt" HOST "\r\n");
    rounds(10);
    assert_int_equal(server.count, 4);
    assert_int_equal(recv(fds[0], answer_text, 100, 0), -1);
    close(fds[1]); /* one ends: the queued one is next */
    rounds(5);
    hear(fds[0], &closed);
    assert_status(200);
    for (int i = 0; i < 5; i++)
        if (i != 1)
            close(fds[i]);
}

static void the_listener_comes_back(void **state)
{
    (void)state;
    close(server.listener);
    server.listener = -1;
    server.tick = 0;
    rounds(1);
    ask_status("GET /small.txt" HOST "\r\n", 200);
}

/* ---- The file server goes away ---- */

static void without_files(void **state)
{
    (void)state;
    files_on_host.error = FILES_ERR_GONE;
    ask_status("GET /small.txt" HOST "\r\n", 503);
    assert_has("\r\nRetry-After: 1\r\n");
    ask_status("GET /dir/" HOST "\r\n", 503);
    ask_status("PUT /upload/a" HOST "Content-Length: 1\r\n\r\na", 503);
    files_on_host.error = 0;
    usleep(FILE_OUTAGE_NS / 1000 + 1000);
    ask_status("GET /small.txt" HOST "\r\n", 200);
    files_on_host.error = FILES_ERR_IO;
    ask_status("GET /nothing" HOST "\r\n", 500);
}

static void a_transfer_survives_a_restart_of_the_file_server(void **state)
{
    int fd = connect_client();
    bool closed;

    (void)state;
    say(fd, "GET /big.bin" HOST "\r\n");
    rounds(5);
    files_on_host.restarted = true;
    hear(fd, &closed);
    assert_status(200);
    assert_memory_equal(body(), big, BIG_BYTES);
    assert_int_equal(server.site.library.handles, files_on_host.handles);
    close(fd);
}

static void zeros_never_look_like_the_file(void **state)
{
    int fd = connect_client();
    bool closed;

    (void)state;
    say(fd, "GET /big.bin" HOST "\r\n");
    rounds(5);
    files_on_host.lost = true;
    assert_true(hear(fd, &closed) < BIG_BYTES && closed);
    close(fd);
    files_on_host.lost = false;
    /* All of it in one piece: nothing is out yet. */
    write_file("middle", big, 40000);
    ask_status("GET /middle" HOST "\r\n", 200);
    files_on_host.lost = true;
    ask_status("GET /middle" HOST "\r\n", 503);
    write_file("little", "little", 6);
    ask_status("GET /little" HOST "\r\n", 503);
    files_on_host.lost = false;
    ask_status("GET /little" HOST "\r\n", 200);
    assert_string_equal(body(), "little");
    unlink(path_of("middle"));
    unlink(path_of("little"));
}

static void a_transfer_breaks_off_if_its_file_changes(void **state)
{
    int fd = connect_client();
    bool closed;

    (void)state;
    write_file("shrinks", big, BIG_BYTES);
    say(fd, "GET /shrinks" HOST "\r\n");
    rounds(5);
    assert_int_equal(truncate(path_of("shrinks"), 10), 0);
    assert_true(hear(fd, &closed) < BIG_BYTES && closed);
    unlink(path_of("shrinks"));
    close(fd);
}

/* ---- PUT and DELETE ---- */

static bool nothing_left(void)
{
    char command[128];

    snprintf(command, sizeof(command), "ls -A %s/upload | grep -q .put-", root);
    return system(command) != 0 && server.site.uploads == 0;
}

static void a_file_is_put(void **state)
{
    (void)state;
    assert_false(ask("PUT /upload/a" HOST "Content-Length: 5\r\n\r\nhello"));
    assert_status(201);
    assert_true(file_is("upload/a", "hello", 5) && nothing_left());
    ask_status("PUT /upload/a" HOST
               "Content-Length: 3\r\n\r\nnewGET /dir/zz" HOST "\r\n",
               204);
    assert_true(file_is("upload/a", "new", 3));
    assert_has("\r\n\r\nzz");
    ask_status("GET /upload/a" HOST "\r\n", 200);
    assert_string_equal(body(), "new");
    ask_status("PUT /upload/b" HOST "Content-Length: 0\r\n\r\n", 201);
    assert_true(file_is("upload/b", "", 0));
    ask_status("DELETE /upload/b" HOST "\r\n", 204);
    ask_status("DELETE /upload/b" HOST "\r\n", 404);
    ask_status("GET /upload/a" HOST "\r\n", 200);
    ask_status("DELETE /upload/a" HOST "\r\n", 204);
    ask_status("GET /upload/a" HOST "\r\n", 404);
}

static void a_file_is_put_in_chunks(void **state)
{
    (void)state;
    ask_status("PUT /upload/c" HOST "Transfer-Encoding: chunked\r\n\r\n"
               "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\nGET /upload/c" HOST "\r\n",
               201);
    assert_has("\r\n\r\nabcde");
    ask_status("PUT /upload/c" HOST
               "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n",
               400);
    assert_true(file_is("upload/c", "abcde", 5) && nothing_left());
    unlink(path_of("upload/c"));
}

static void a_large_file_is_put(void **state)
{
    int fd = connect_client();
    char head[100];
    bool closed;

    (void)state;
    snprintf(head, sizeof(head),
             "PUT /upload/big" HOST "Content-Length: %u\r\n"
             "Expect: 100-continue\r\n\r\n",
             BIG_BYTES);
    say(fd, head);
    hear(fd, &closed);
    assert_string_equal(answer_text, "HTTP/1.1 100 Continue\r\n\r\n");
    say_bytes(fd, big, BIG_BYTES);
    hear(fd, &closed);
    assert_status(201);
    assert_true(file_is("upload/big", big, BIG_BYTES));
    unlink(path_of("upload/big"));
    close(fd);
}

static void a_broken_upload_leaves_nothing(void **state)
{
    int fd = connect_client();
    bool closed;

    (void)state;
    say(fd, "PUT /upload/x" HOST "Content-Length: 10\r\n\r\nhello");
    rounds(5);
    assert_int_equal(server.site.uploads, 1);
    close(fd);
    rounds(5);
    assert_true(nothing_left() && !file_exists("upload/x"));
    /* The client falls silent. */
    fd = connect_client();
    say(fd, "PUT /upload/x" HOST "Content-Length: 10\r\n\r\nhello");
    rounds(5);
    time_passes(STALL_NS);
    hear(fd, &closed);
    assert_status(408);
    assert_true(nothing_left() && !file_exists("upload/x"));
    close(fd);
    /* The file server restarts in the middle. */
    fd = connect_client();
    say(fd, "PUT /upload/x" HOST "Content-Length: 10\r\n\r\nhello");
    rounds(5);
    files_on_host.restarted = true;
    ask_status("GET /dir/zz" HOST "\r\n", 200);
    say(fd, "world");
    hear(fd, &closed);
    assert_status(503);
    usleep(FILE_OUTAGE_NS / 1000 + 1000);
    assert_false(file_exists("upload/x"));
    close(fd);
}

static void an_upload_may_be_refused(void **state)
{
    char request[600];

    (void)state;
    ask_status("PUT /small.txt" HOST "Content-Length: 1\r\n\r\na", 403);
    ask_status("PUT /uploads/a" HOST "Content-Length: 1\r\n\r\na", 403);
    ask_status("PUT /upload/../a" HOST "Content-Length: 1\r\n\r\na", 403);
    ask_status("PUT /upload/.put-7" HOST "Content-Length: 1\r\n\r\na", 403);
    ask_status("PUT /upload/a/" HOST "Content-Length: 1\r\n\r\na", 400);
    ask_status("PUT /upload/a" HOST "\r\n", 411);
    ask_status("PUT /upload/a" HOST
               "Content-Length: 1\r\nContent-Range: bytes 0-0/1\r\n\r\na",
               400);
    ask_status("PUT /upload/no/a" HOST "Content-Length: 1\r\n\r\na", 409);
    ask_status("DELETE /small.txt" HOST "\r\n", 403);
    ask_status("PUT /upload/a" HOST "If-Match: *\r\nContent-Length: 1\r\n\r\na",
               412);
    memset(request, 'a', sizeof(request));
    memcpy(request, "PUT /upload/", 12);
    strcpy(request + 400, HOST "Content-Length: 1\r\n\r\na");
    ask_status(request, 414);
    mkdir(path_of("upload/d"), 0755);
    ask_status("PUT /upload/d" HOST "Content-Length: 1\r\n\r\na", 409);
    ask_status("DELETE /upload/d" HOST "\r\n", 409);
    rmdir(path_of("upload/d"));
    files_on_host.read_only = true;
    server.site.library.files.may_write = false;
    ask_status("PUT /upload/a" HOST "Content-Length: 1\r\n\r\na", 403);
    assert_true(nothing_left() && !file_exists("upload/a"));
}

static void a_full_disk(void **state)
{
    (void)state;
    files_on_host.free_bytes = 1 << 20;
    ask_status("PUT /upload/a" HOST "Content-Length: 2000000\r\n"
               "Expect: 100-continue\r\n\r\n",
               507);
    files_on_host.write_error = FILES_ERR_FULL;
    ask_status("PUT /upload/a" HOST "Content-Length: 5\r\n\r\nhello", 507);
    files_on_host.write_error = 0;
    files_on_host.sync_error = FILES_ERR_IO;
    ask_status("PUT /upload/a" HOST "Content-Length: 5\r\n\r\nhello", 500);
    assert_true(nothing_left() && !file_exists("upload/a"));
    files_on_host.sync_error = 0;
    ask_status("PUT /upload/a" HOST "Content-Length: 5\r\n\r\nhello", 201);
    unlink(path_of("upload/a"));
}

static void without_a_put_path(void **state)
{
    (void)state;
    ask_status("PUT /a" HOST "Content-Length: 1\r\n\r\na", 405);
    assert_has("\r\nAllow: GET, HEAD\r\n");
    ask_status("DELETE /zz" HOST "\r\n", 405);
    ask_status("GET /zz" HOST "\r\n", 200);
}

static void what_an_earlier_life_left_is_removed(void **state)
{
    (void)state;
    write_file("upload/.put-3", "x", 1);
    write_file("upload/stays", "x", 1);
    ask_status("GET /upload/.put-3" HOST "\r\n", 404);
    ask_status("GET /upload/" HOST "\r\n", 200);
    assert_not(".put-3");
    server_close(&server);
    start("put=/upload", NULL);
    assert_true(!file_exists("upload/.put-3") && file_exists("upload/stays"));
    unlink(path_of("upload/stays"));
}

/* ---- A stock client ---- */

static void curl_agrees(void **state)
{
    char command[600];
    int status;
    pid_t child;

    (void)state;
    fflush(NULL);
    child = fork();
    if (!child) {
        alarm(60);
        for (;;)
            server_round(&server, UINT64_MAX);
    }
    snprintf(
        command, sizeof(command),
        "set -e; u=http://127.0.0.1:%u; cd %s; d=$(mktemp -d);"
        "command -v curl > $d/found || exit 0;"
        "curl -sf $u/big.bin | cmp - big.bin;"
        "curl -sf -r 5-70000 $u/big.bin | cmp -n 69996 - big.bin 0 5;"
        "for i in 1 2 3 4; do curl -sf $u/big.bin -o $d/$i & done; wait;"
        "for i in 1 2 3 4; do cmp $d/$i big.bin; done;"
        "curl -sf -T big.bin $u/upload/by-curl; cmp big.bin upload/by-curl;"
        "curl -sf -T - $u/upload/chunks < small.txt;"
        "cmp small.txt upload/chunks; rm -r upload/* $d",
        (unsigned)server.port, root);
    status = system(command);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(status, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_sent),
        TEST(a_file_is_sent_over_ipv6),
        TEST(head_has_no_body),
        cmocka_unit_test(arguments_are_checked),
        TEST(a_large_file_arrives_whole),
        TEST(ranges_are_sent),
        TEST(conditions_are_kept),
        TEST(a_changed_file_is_noticed),
        TEST(directories_are_listed),
        TEST(names_that_are_too_long),
        TEST(what_is_malformed_is_refused),
        TEST(a_request_may_come_byte_by_byte),
        TEST(requests_are_answered_in_order),
        TEST(http_1_0_closes_unless_asked),
        TEST(slow_clients_are_let_go),
        TEST(a_trickle_does_not_hold_a_connection),
        TEST(many_at_once),
        TEST(more_files_than_handles),
        TEST(the_listener_comes_back),
        TEST(without_files),
        TEST(a_transfer_survives_a_restart_of_the_file_server),
        TEST(zeros_never_look_like_the_file),
        TEST(a_transfer_breaks_off_if_its_file_changes),
        TEST(a_file_is_put),
        TEST(a_file_is_put_in_chunks),
        TEST(a_large_file_is_put),
        TEST(a_broken_upload_leaves_nothing),
        TEST(an_upload_may_be_refused),
        TEST(a_full_disk),
        TEST(what_an_earlier_life_left_is_removed),
        TEST(curl_agrees),
        cmocka_unit_test_setup_teardown(when_all_are_taken, setup_four,
                                        teardown),
        cmocka_unit_test_setup_teardown(paths_stay_below_the_root,
                                        setup_read_only, teardown),
        cmocka_unit_test_setup_teardown(without_a_put_path, setup_read_only,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
