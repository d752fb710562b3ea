/*
 * What the web server reads of a request: heads, paths, dates, ranges,
 * conditions, chunks. Each by what RFC 9110, 9112 and 3986 say of it.
 *
 * links: servers/httpd/text.c servers/httpd/date.c servers/httpd/request.c
 * links: servers/httpd/target.c servers/httpd/range.c servers/httpd/condition.c
 * links: servers/httpd/chunked.c servers/httpd/media.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "servers/httpd/chunked.h"
#include "servers/httpd/condition.h"
#include "servers/httpd/date.h"
#include "servers/httpd/media.h"
#include "servers/httpd/range.h"
#include "servers/httpd/target.h"

static struct span span_of(const char *s)
{
    return (struct span){s, strlen(s)};
}

/* ---- Text ---- */

static void text_stays_in_its_room(void **state)
{
    char room[8];
    struct text t = text_in(room, sizeof(room));

    (void)state;
    text_number(&t, 1234567);
    assert_false(t.full);
    text_put(&t, "ab");
    assert_true(t.full);
    assert_int_equal(t.bytes, 7);
    text_put(&t, "c"); /* what fits still goes in */
    assert_memory_equal(room, "1234567c", 8);
}

static void text_escapes(void **state)
{
    char room[100];
    struct text t = text_in(room, sizeof(room));

    (void)state;
    text_html(&t, "a<b>&\"'");
    text_url(&t, "/a b?#%\xff:~");
    assert_int_equal(t.bytes, strlen("a&lt;b&gt;&amp;&quot;'"
                                     "/a%20b%3F%23%25%FF%3A~"));
    assert_memory_equal(room, "a&lt;b&gt;&amp;&quot;'/a%20b%3F%23%25%FF%3A~",
                        t.bytes);
}

/* ---- Dates ---- */

static void assert_date(int64_t seconds, const char *expected)
{
    char room[DATE_BYTES + 1] = {0};
    struct text t = text_in(room, DATE_BYTES);

    date_put(&t, seconds);
    assert_string_equal(room, expected);
}

static void dates_are_written(void **state)
{
    (void)state;
    assert_date(784111777, "Sun, 06 Nov 1994 08:49:37 GMT"); /* 5.6.7 */
    assert_date(0, "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_date(-5, "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_date(951782400, "Tue, 29 Feb 2000 00:00:00 GMT");
    assert_date(INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT");
}

static void dates_agree_with_the_c_library(void **state)
{
    (void)state;
    for (int64_t s = 0; s < 253402300799ll; s += 86400 * 97ll + 12345) {
        time_t at = (time_t)s;
        char expected[40], room[DATE_BYTES];
        struct text t = text_in(room, sizeof(room));
        int64_t back = -1;

        strftime(expected, sizeof(expected), "%a, %d %b %Y %H:%M:%S GMT",
                 gmtime(&at));
        date_put(&t, s);
        assert_memory_equal(room, expected, DATE_BYTES);
        assert_true(date_parse((struct span){room, DATE_BYTES}, &back));
        assert_true(back == s);
    }
}

static void dates_are_read_in_three_forms(void **state)
{
    static const char *const good[] = {"Sun, 06 Nov 1994 08:49:37 GMT",
                                       "Sunday, 06-Nov-94 08:49:37 GMT",
                                       "Sun Nov  6 08:49:37 1994"};
    static const char *const bad[] = {"",
                                      "x",
                                      "Sun, 06 Nov 1994 08:49:37",
                                      "Sun, 31 Feb 1994 08:49:37 GMT",
                                      "Sun, 06 Nov 1994 24:49:37 GMT",
                                      "Sun, 06 Nox 1994 08:49:37 GMT",
                                      "Sun, 0a Nov 1994 08:49:37 GMT",
                                      "Sun, 06 Nov 1900 08:49:37 GMT",
                                      "Sun, 06 Nov 1994 08:49:37 GMTx"};
    int64_t s;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_true(date_parse(span_of(good[i]), &s));
        assert_int_equal(s, 784111777);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(date_parse(span_of(bad[i]), &s));
}

/* ---- Heads ---- */

static int parse(const char *head, struct request *r)
{
    size_t seen = 0;

    assert_int_equal(request_end(head, strlen(head), &seen), strlen(head));
    return request_parse(head, strlen(head), r);
}

static void a_head_is_read(void **state)
{
    struct request r;

    (void)state;
    assert_int_equal(parse("GET /a?b HTTP/1.1\r\nHost: x\r\nRANGE:bytes=0-1 "
                           "\r\nConnection: foo, Close\r\n\r\n",
                           &r),
                     0);
    assert_int_equal(r.method, METHOD_GET);
    assert_true(span_is(r.target, "/a?b") && span_is(r.host, "x"));
    assert_true(span_is(r.range, "bytes=0-1"));
    assert_false(r.keep || r.chunked || r.has_length || r.version_1_0);

    assert_int_equal(parse("PUT /a HTTP/1.1\r\nHost:\r\nContent-Length: 12\r\n"
                           "Expect: 100-continue\r\n\r\n",
                           &r),
                     0);
    assert_true(r.method == METHOD_PUT && r.keep && r.expects_continue);
    assert_true(r.has_length && r.length == 12);

    assert_int_equal(parse("GET / HTTP/1.0\r\n\r\n", &r), 0);
    assert_true(r.version_1_0 && !r.keep);
    assert_int_equal(
        parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", &r), 0);
    assert_true(r.keep);
}

static void a_head_is_found_however_it_comes(void **state)
{
    const char *head = "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET";
    size_t seen = 0, end = strlen(head) - 3;

    (void)state;
    for (size_t n = 0; n < end; n++)
        assert_int_equal(request_end(head, n, &seen), 0);
    assert_int_equal(request_end(head, strlen(head), &seen), end);
}

#define GET "GET / HTTP/1.1\r\nHost: x\r\n"
#define PUT "PUT / HTTP/1.1\r\nHost: x\r\n"
#define END "\r\n\r\n"

static void bad_heads_are_refused(void **state)
{
    static const struct {
        const char *head;
        int status;
    } cases[] = {
        {"GET /" END, 400},
        {"GET / HTTP/1.1" END, 400}, /* no Host: RFC 9112 3.2 */
        {GET "Host: y" END, 400},
        {"GET  / HTTP/1.1\r\nHost: x" END, 400},
        {"GET / HTTP/1.1 \r\nHost: x" END, 400},
        {" GET / HTTP/1.1\r\nHost: x" END, 400},
        {"G@T / HTTP/1.1\r\nHost: x" END, 400},
        {"GET /\x01 HTTP/1.1\r\nHost: x" END, 400},
        {"GET /\xc3\xa4 HTTP/1.1\r\nHost: x" END, 400},
        {"GET / HTTP/1\r\nHost: x" END, 400},
        {"GET / http/1.1\r\nHost: x" END, 400},
        {"GET / HTTP/2.0\r\nHost: x" END, 505},
        {"GET / HTTP/0.9\r\nHost: x" END, 505},
        {"get / HTTP/1.1\r\nHost: x" END, 501},
        {"BREW / HTTP/1.1\r\nHost: x" END, 501},
        {"GET / HTTP/1.1\nHost: x\n\n", 400},
        {"GET / HTTP/1.1\r\nHost: x\n\r\n", 400},
        {GET " folded" END, 400},
        {GET "a : b" END, 400},
        {GET ": b" END, 400},
        {GET "no colon" END, 400},
        {GET "a: b\rc" END, 400},
        {GET "a: \x7f" END, 400},
        {GET "Range: bytes=0-1\r\nRange: bytes=2-3" END, 400},
        {GET "Expect: 200-ok" END, 417},
        /* How long the body is: RFC 9112 6.3, 11.2. */
        {PUT "Content-Length: 1\r\nContent-Length: 2" END, 400},
        {PUT "Content-Length: 1\r\nContent-Length: 1" END, 400},
        {PUT "Content-Length: 1, 1" END, 400},
        {PUT "Content-Length: +1" END, 400},
        {PUT "Content-Length: -1" END, 400},
        {PUT "Content-Length: 0x1" END, 400},
        {PUT "Content-Length:" END, 400},
        {PUT "Content-Length: 99999999999999999999" END, 400},
        {PUT "Content-Length: 1\r\nTransfer-Encoding: chunked" END, 400},
        {PUT "Transfer-Encoding: chunked\r\nContent-Length: 1" END, 400},
        {PUT "Transfer-Encoding: gzip\r\nContent-Length: 1" END, 400},
        {"PUT / HTTP/1.0\r\nTransfer-Encoding: chunked" END, 400},
        {PUT "Transfer-Encoding: gzip" END, 501},
        {PUT "Transfer-Encoding: gzip, chunked" END, 501},
        {PUT "Transfer-Encoding: chunked, chunked" END, 501},
        {PUT "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked" END,
         501},
        {PUT "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity" END,
         501},
        {PUT "Transfer-Encoding: \x0b"
             "chunked" END,
         400},
        {PUT "Transfer-Encoding : chunked" END, 400},
    };
    struct request r;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *head = cases[i].head;
        int status = request_parse(head, strlen(head), &r);

        if (status != cases[i].status)
            fail_msg("%d, not %d: %s", status, cases[i].status, head);
    }
}

static void fields_are_counted(void **state)
{
    char head[4096] = GET;
    struct request r;

    (void)state;
    for (unsigned i = 1; i < REQUEST_FIELDS_MAX; i++)
        strcat(head, "a: b\r\n");
    strcat(head, "\r\n");
    assert_int_equal(request_parse(head, strlen(head), &r), 0);
    strcpy(head + strlen(head) - 2, "a: b\r\n\r\n");
    assert_int_equal(request_parse(head, strlen(head), &r), 431);
}

static void a_nul_is_refused(void **state)
{
    static const char head[] = GET "a: b\0c" END;
    struct request r;

    (void)state;
    assert_int_equal(request_parse(head, sizeof(head) - 1, &r), 400);
}

/* ---- Targets ---- */

static void targets_become_paths(void **state)
{
    static const struct {
        const char *target, *path;
        bool directory;
    } cases[] = {
        {"/", "/", true},
        {"/a", "/a", false},
        {"/a/", "/a", true},
        {"/a/b?c=/d", "/a/b", false},
        {"/a//b///", "/a/b", true},
        {"/./a/./b/.", "/a/b", true},
        {"/a/b/..", "/a", true},
        {"/a/b/../c", "/a/c", false},
        {"/..", "/", true},
        {"/../../a", "/a", false},
        {"/a/../../../b", "/b", false},
        {"/%2e%2e/%2E./a", "/a", false},
        {"/...", "/...", false},
        {"/..a/.b", "/..a/.b", false},
        {"/a%20b%25%3f", "/a b%?", false},
        {"/%c3%a4", "/\xc3\xa4", false},
        {"http://host/a", "/a", false},
        {"HTTPS://host:80/a/", "/a", true},
        {"http://host", "/", true},
        {"http://host?x", "/", true},
    };
    char path[64];
    bool directory;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(
            target_path(span_of(cases[i].target), path, 64, &directory), 0);
        assert_string_equal(path, cases[i].path);
        if (directory != cases[i].directory)
            fail_msg("directory: %s", cases[i].target);
    }
}

static void bad_targets_are_refused(void **state)
{
    static const char *const bad[] = {"*",    "a",      "/%",     "/%2",
                                      "/%zz", "/a%00b", "/a%2fb", "/a%2Fb",
                                      "/a#b", "",       "?",      "host:80"};
    char path[64];
    bool directory;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (target_path(span_of(bad[i]), path, 64, &directory) != 400)
            fail_msg("not refused: %s", bad[i]);
}

static void long_targets_are_refused(void **state)
{
    bool directory;

    (void)state;
    for (size_t room = 2; room < 12; room++) {
        char *path = malloc(room); /* the sanitizer watches its end */
        int status = target_path(span_of("/abc/defg"), path, room, &directory);

        assert_int_equal(status, room >= 10 ? 0 : 414);
        free(path);
    }
}

/* ---- Ranges ---- */

static void ranges(void **state)
{
    static const struct {
        const char *field;
        uint64_t size;
        enum range_result result;
        uint64_t first, last;
    } cases[] = {
        {"bytes=0-0", 10, RANGE_PART, 0, 0},
        {"bytes=2-5", 10, RANGE_PART, 2, 5},
        {"bytes=2-", 10, RANGE_PART, 2, 9},
        {"bytes=2-99", 10, RANGE_PART, 2, 9},
        {"Bytes= 9-9 ", 10, RANGE_PART, 9, 9},
        {"bytes=-3", 10, RANGE_PART, 7, 9},
        {"bytes=-99", 10, RANGE_PART, 0, 9},
        {"bytes=-0", 10, RANGE_BEYOND, 0, 0},
        {"bytes=10-", 10, RANGE_BEYOND, 0, 0},
        {"bytes=10-20", 10, RANGE_BEYOND, 0, 0},
        {"bytes=0-", 0, RANGE_BEYOND, 0, 0},
        {"bytes=-1", 0, RANGE_BEYOND, 0, 0},
        {"bytes=5-2", 10, RANGE_WHOLE, 0, 0},
        {"bytes=0-1,3-4", 10, RANGE_WHOLE, 0, 0},
        {"bytes=a-b", 10, RANGE_WHOLE, 0, 0},
        {"bytes=-", 10, RANGE_WHOLE, 0, 0},
        {"bytes=", 10, RANGE_WHOLE, 0, 0},
        {"bytes", 10, RANGE_WHOLE, 0, 0},
        {"lines=0-1", 10, RANGE_WHOLE, 0, 0},
        {"bytes=99999999999999999999-", 10, RANGE_WHOLE, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t first = 0, last = 0;
        enum range_result r =
            range_parse(span_of(cases[i].field), cases[i].size, &first, &last);

        if (r != cases[i].result ||
            (r == RANGE_PART &&
             (first != cases[i].first || last != cases[i].last)))
            fail_msg("%s of %d", cases[i].field, (int)cases[i].size);
    }
}

/* ---- Conditions ---- */

#define SAME  "Sun, 06 Nov 1994 08:49:37 GMT"
#define OLDER "Sun, 06 Nov 1994 08:49:36 GMT"

static const struct validator strong = {true, "\"a-1\"", 784111777};
static const struct validator weak = {true, "W/\"a-1\"", 784111777};
static const struct validator none = {false, "", 0};

static enum condition_result check(const char *first, const char *fields,
                                   const struct validator *v)
{
    char head[512];
    struct request r;

    strcpy(head, first);
    strcat(head, " / HTTP/1.1\r\nHost: x\r\n");
    strcat(head, fields);
    strcat(head, "\r\n\r\n");
    assert_int_equal(request_parse(head, strlen(head), &r), 0);
    return condition_check(&r, v);
}

static void conditions(void **state)
{
    static const struct {
        const char *method, *fields;
        const struct validator *v;
        enum condition_result result;
    } cases[] = {
        {"GET", "If-None-Match: \"a-1\"", &strong, CONDITION_NOT_MODIFIED},
        {"GET", "If-None-Match: W/\"a-1\"", &strong, CONDITION_NOT_MODIFIED},
        {"GET", "If-None-Match: \"a-1\"", &weak, CONDITION_NOT_MODIFIED},
        {"GET", "If-None-Match: \"x\", \"a-1\"", &strong,
         CONDITION_NOT_MODIFIED},
        {"GET", "If-None-Match: \"x\"", &strong, CONDITION_GO},
        {"GET", "If-None-Match: *", &strong, CONDITION_NOT_MODIFIED},
        {"PUT", "If-None-Match: *", &strong, CONDITION_FAILED},
        {"PUT", "If-None-Match: *", &none, CONDITION_GO},
        {"GET", "If-Match: \"a-1\"", &strong, CONDITION_GO},
        {"GET", "If-Match: \"a-1\"", &weak, CONDITION_FAILED},
        {"PUT", "If-Match: \"x\"", &strong, CONDITION_FAILED},
        {"PUT", "If-Match: *", &none, CONDITION_FAILED},
        {"GET", "If-Modified-Since: " SAME, &strong, CONDITION_NOT_MODIFIED},
        {"GET", "If-Modified-Since: " OLDER, &strong, CONDITION_GO},
        {"GET", "If-Modified-Since: rubbish", &strong, CONDITION_GO},
        {"PUT", "If-Modified-Since: " SAME, &strong, CONDITION_GO},
        {"GET", "If-Unmodified-Since: " SAME, &strong, CONDITION_GO},
        {"GET", "If-Unmodified-Since: " OLDER, &strong, CONDITION_FAILED},
        /* The tag decides, not the date: 13.1.3, 13.1.4. */
        {"GET", "If-None-Match: \"x\"\r\nIf-Modified-Since: " SAME, &strong,
         CONDITION_GO},
        {"GET", "If-Match: \"a-1\"\r\nIf-Unmodified-Since: " OLDER, &strong,
         CONDITION_GO},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (check(cases[i].method, cases[i].fields, cases[i].v) !=
            cases[i].result)
            fail_msg("case %d: %s", (int)i, cases[i].fields);
}

static void ranges_have_conditions(void **state)
{
    struct request r = {.method = METHOD_GET};

    (void)state;
    assert_true(condition_range(&r, &strong));
    r.if_range = span_of("\"a-1\"");
    assert_true(condition_range(&r, &strong));
    assert_false(condition_range(&r, &weak));
    r.if_range = span_of("W/\"a-1\"");
    assert_false(condition_range(&r, &strong));
    r.if_range = span_of(SAME);
    assert_true(condition_range(&r, &strong));
    assert_false(condition_range(&r, &weak));
    r.if_range = span_of(OLDER);
    assert_false(condition_range(&r, &strong));
}

/* ---- Chunks ---- */

/* Take `coded` apart in pieces of `piece` bytes: the body, or NULL if it is
 * malformed; *rest is what follows it. */
static const char *unchunk(const char *coded, size_t piece, const char **rest)
{
    static char body[256];
    size_t at = 0, bytes = strlen(coded), got = 0;
    struct chunked c = {0};

    while (at < bytes) {
        size_t n = bytes - at < piece ? bytes - at : piece, used;
        enum chunked_result r = chunked_take(&c, coded + at, n, &used);

        assert_true(used <= n);
        at += used;
        n -= used;
        if (r == CHUNKED_BAD)
            return NULL;
        if (r == CHUNKED_END) {
            body[got] = 0;
            *rest = coded + at;
            return body;
        }
        if (r == CHUNKED_DATA) {
            n = n < c.left ? n : (size_t)c.left;
            memcpy(body + got, coded + at, n);
            got += n;
            at += n;
            c.left -= n;
        }
    }
    *rest = NULL;
    return body;
}

static void chunks_are_taken_apart(void **state)
{
    static const char *const coded[] = {
        "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nGET",
        "3;a=\"b\"\r\nabc\r\n2 ;x\r\nde\r\n0\r\nTrailer: x\r\nb: c\r\n\r\nGET",
        "00003\r\nabc\r\n02\r\nde\r\n000\r\n\r\nGET"};
    const char *rest;

    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (size_t piece = 1; piece < 80; piece++) {
            assert_string_equal(unchunk(coded[i], piece, &rest), "abcde");
            assert_string_equal(rest, "GET");
        }
}

static void bad_chunks_are_refused(void **state)
{
    static const char *const bad[] = {"g\r\n",
                                      "\r\n",
                                      "3\nabc\r\n",
                                      "3\r\nabcd\r\n",
                                      "3\r\nabc\n",
                                      "3\r\r\n",
                                      "-1\r\nabc",
                                      "0x3\r\nabc",
                                      " 3\r\nabc",
                                      "0\r\n\n",
                                      "0\r\na\n",
                                      "3;a\nb\r\n",
                                      "1111111111111111\r\n",
                                      "0\r\n\rx"};
    char trailers[8192] = "0\r\n";
    const char *rest;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (unchunk(bad[i], 100, &rest))
            fail_msg("not refused: %s", bad[i]);
    for (unsigned i = 0; i < 1000; i++)
        strcat(trailers, "a: b\r\n");
    assert_null(unchunk(trailers, sizeof(trailers), &rest));
}

static void media_types(void **state)
{
    (void)state;
    assert_string_equal(media_type("/a/index.HTML"),
                        "text/html; charset=utf-8");
    assert_string_equal(media_type("/a.d/README"), "text/plain; charset=utf-8");
    assert_string_equal(media_type("/a.bin"), "application/octet-stream");
    assert_string_equal(media_type("/.html"), "application/octet-stream");
    assert_string_equal(media_type("/x.tar.gz"), "application/gzip");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_stays_in_its_room),
        cmocka_unit_test(text_escapes),
        cmocka_unit_test(dates_are_written),
        cmocka_unit_test(dates_agree_with_the_c_library),
        cmocka_unit_test(dates_are_read_in_three_forms),
        cmocka_unit_test(a_head_is_read),
        cmocka_unit_test(a_head_is_found_however_it_comes),
        cmocka_unit_test(bad_heads_are_refused),
        cmocka_unit_test(fields_are_counted),
        cmocka_unit_test(a_nul_is_refused),
        cmocka_unit_test(targets_become_paths),
        cmocka_unit_test(bad_targets_are_refused),
        cmocka_unit_test(long_targets_are_refused),
        cmocka_unit_test(ranges),
        cmocka_unit_test(conditions),
        cmocka_unit_test(ranges_have_conditions),
        cmocka_unit_test(chunks_are_taken_apart),
        cmocka_unit_test(bad_chunks_are_refused),
        cmocka_unit_test(media_types),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
