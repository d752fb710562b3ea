/*
 * The console's HTTP: URLs, redirections, and responses that come in pieces of
 * every size, whole, cut short and wrong.
 *
 * links: servers/console/http.c servers/console/url.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "servers/console/http.h"

/* --- URLs --- */

static void urls_are_taken_apart(void **state)
{
    static const struct {
        const char *text, *authority, *host, *path;
        unsigned port;
    } good[] = {
        {"http://a.example/", "a.example", "a.example", "/", 80},
        {"http://a.example", "a.example", "a.example", "/", 80},
        {"HTTP://10.0.2.2:8000/x?y=1", "10.0.2.2:8000", "10.0.2.2", "/x?y=1",
         8000},
        {"10.0.2.2/big.bin", "10.0.2.2", "10.0.2.2", "/big.bin", 80},
        {"http://[fec0::2]:81/a#b", "[fec0::2]:81", "fec0::2", "/a", 81},
        {"http://[::1]", "[::1]", "::1", "/", 80},
        {"http://h?q", "h", "h", "/?q", 80},
    };
    char text[URL_AUTHORITY_BYTES];
    struct url u;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_null(url_parse(good[i].text, &u));
        assert_string_equal(u.host, good[i].host);
        assert_string_equal(u.path, good[i].path);
        assert_int_equal(u.port, good[i].port);
        assert_string_equal(url_authority(&u, text), good[i].authority);
    }
}

static void other_urls_are_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "http://",
                                      "https://h/",
                                      "ftp://h/",
                                      "http:///x",
                                      "http://h:/",
                                      "http://h:0/",
                                      "http://h:65536/",
                                      "http://[::",
                                      "http://[]/",
                                      "http://[::1]x/",
                                      "http://u@h/",
                                      "h:8x/",
                                      "http://h/a b",
                                      "http://h/\r\nX:",
                                      "http://h/\xc3\xa4",
                                      ":80/",
                                      "http://[[2]/",
                                      "a[b",
                                      "h\r\nX: y/",
                                      "h h/",
                                      "http://h:000080"};
    char host[URL_HOST_BYTES + 8], path[URL_PATH_BYTES + 8];
    struct url u;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (!url_parse(bad[i], &u))
            fail_msg("'%s' was taken", bad[i]);
    memset(host, 'h', sizeof host);
    host[URL_HOST_BYTES] = 0;
    assert_non_null(url_parse(host, &u));
    host[URL_HOST_BYTES - 1] = 0;
    assert_null(url_parse(host, &u));
    memset(path, 'p', sizeof path);
    memcpy(path, "h/", 2);
    path[URL_PATH_BYTES + 1] = 0;
    assert_non_null(url_parse(path, &u));
    path[URL_PATH_BYTES - 1] = 0;
    assert_null(url_parse(path, &u));
}

static void redirections_lead_on(void **state)
{
    static const struct {
        const char *to, *authority, *path;
    } steps[] = {
        {"/x", "h:81", "/x"},
        {"y", "h:81", "/a/y"},
        {"?q", "h:81", "/a/b?q"},
        {"//other/z", "other", "/z"},
        {"http://third:7/", "third:7", "/"},
    };
    char text[URL_AUTHORITY_BYTES];
    struct url u;

    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        assert_null(url_parse("http://h:81/a/b?c", &u));
        assert_null(url_follow(&u, steps[i].to));
        assert_string_equal(url_authority(&u, text), steps[i].authority);
        assert_string_equal(u.path, steps[i].path);
    }
    assert_non_null(url_follow(&u, "https://h/"));
    assert_non_null(url_follow(&u, "/a b"));
}

/* --- responses --- */

static char taken[4096];

/* Feeds all of `text` in pieces; what is not taken is left. */
static struct http_response response(const char *text, size_t bytes,
                                     size_t piece)
{
    struct http_response r;
    size_t used = 0;

    http_start(&r);
    for (size_t at = 0; at < bytes;) {
        size_t n = bytes - at < piece ? bytes - at : piece;
        const void *body;
        size_t body_bytes,
            done = http_feed(&r, text + at, n, &body, &body_bytes);

        if (body_bytes) {
            assert_true(body == text + at && body_bytes == done);
            memcpy(taken + used, body, body_bytes);
            used += body_bytes;
        }
        if (r.state == HTTP_DONE || r.state == HTTP_BAD)
            break;
        assert_true(done > 0 && done <= n);
        at += done;
    }
    taken[used] = 0;
    return r;
}

#define HEAD "HTTP/1.1 200 OK\r\n"

static void bodies_come_whole(void **state)
{
    static const struct {
        const char *text, *body;
    } good[] = {
        {HEAD "Content-Length: 5\r\n\r\nhello", "hello"},
        {HEAD "content-length:5 \r\n\r\nhelloand more", "hello"},
        {HEAD "Content-Length: 0\r\n\r\n", ""},
        {HEAD "A: b\r\n\r\nuntil the end", "until the end"},
        {"HTTP/1.0 200 OK\nContent-Length: 2\n\nok", "ok"},
        {"HTTP/1.1 100 Continue\r\n\r\n" HEAD "Content-Length: 2\r\n\r\nok",
         "ok"},
        {HEAD "Transfer-Encoding: chunked\r\n\r\n"
              "5\r\nhello\r\nA;x=y\r\n, worlds!!\r\n0\r\nT: r\r\n\r\n",
         "hello, worlds!!"},
        {"HTTP/1.1 204 No Content\r\n\r\n", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        for (size_t piece = 1; piece <= strlen(good[i].text); piece++) {
            struct http_response r =
                response(good[i].text, strlen(good[i].text), piece);

            assert_null(http_end(&r));
            assert_string_equal(taken, good[i].body);
        }
}

static void status_and_place_are_read(void **state)
{
    static const char text[] = "HTTP/1.1 301 Moved\r\nLocation:  /new\r\n"
                               "Content-Length: 7\r\n\r\n";
    struct http_response r = response(text, sizeof text - 1, 3);

    (void)state;
    assert_int_equal(r.status, 301);
    assert_string_equal(r.location, "/new");
    assert_true(http_has_head(&r) && r.has_length && r.length == 7);
    assert_string_equal(http_end(&r), "the connection ended too early");
}

static void what_ends_early_is_not_whole(void **state)
{
    static const char text[] =
        HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    static const char other[] = HEAD "Content-Length: 3\r\n\r\nabc";

    (void)state;
    for (size_t bytes = 0; bytes < sizeof text - 1; bytes++) {
        struct http_response r = response(text, bytes, 7);

        assert_non_null(http_end(&r));
    }
    for (size_t bytes = 0; bytes < sizeof other - 1; bytes++) {
        struct http_response r = response(other, bytes, 7);

        assert_non_null(http_end(&r));
    }
}

static void nonsense_is_refused(void **state)
{
    static const char *const bad[] = {
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/2 200\r\n",
        "HTTP/1.1 20 OK\r\n",
        "HTTP/1.1 2000 OK\r\n",
        "HTTP/1.1 099 OK\r\n",
        HEAD "Content-Length: -1\r\n",
        HEAD "Content-Length: 1x\r\n",
        HEAD "Content-Length:\r\n",
        HEAD "Content-Length: 99999999999999999999999\r\n",
        HEAD "Content-Length: 1\r\nContent-Length: 2\r\n",
        HEAD "Transfer-Encoding: gzip\r\n",
        HEAD "Transfer-Encoding: chunked\r\n\r\nx\r\n",
        HEAD "Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        HEAD "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
        HEAD "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    };
    char many[3 * HTTP_LINES_MAX + 64] = HEAD, line[HTTP_LINE_BYTES + 64];
    struct http_response r;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        r = response(bad[i], strlen(bad[i]), 100);
        if (r.state != HTTP_BAD || !http_end(&r))
            fail_msg("taken: %s", bad[i]);
    }
    for (unsigned i = 0; i < HTTP_LINES_MAX; i++)
        strcat(many, "a\n");
    assert_int_equal(response(many, strlen(many), 9).state, HTTP_BAD);
    memset(line, 'x', sizeof line);
    assert_int_equal(response(line, sizeof line, 9).state, HTTP_BAD);
}

static void nothing_for_the_terminal_gets_through(void **state)
{
    static const char text[] = HEAD "Location: /a\033[2J\r\033b\x7f\r\n\r\n";
    struct http_response r = response(text, sizeof text - 1, 5);

    (void)state;
    assert_string_equal(r.location, "/a [2J  b ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_taken_apart),
        cmocka_unit_test(other_urls_are_refused),
        cmocka_unit_test(redirections_lead_on),
        cmocka_unit_test(bodies_come_whole),
        cmocka_unit_test(status_and_place_are_read),
        cmocka_unit_test(what_ends_early_is_not_whole),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(nothing_for_the_terminal_gets_through),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
