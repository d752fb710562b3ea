/*
 * Changing files as a program of the C library does it: what newlib and POSIX
 * say about open, write, rename and their like, and each error's number.
 */
#include <cordon/files.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tests/component/filetest/filetest.h"

#define FAILS(call, number) ((errno = 0, (call) == -1) && errno == (number))

static int make(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    long bytes = (long)strlen(text);

    return fd < 0 || write(fd, text, (size_t)bytes) != bytes || close(fd);
}

/* Does the file hold this text and nothing more? */
static int holds(const char *path, const char *text)
{
    char data[200];
    int fd = open(path, O_RDONLY);
    long bytes = read(fd, data, sizeof(data));

    return close(fd) == 0 && bytes == (long)strlen(text) &&
           memcmp(data, text, (size_t)bytes) == 0;
}

static const char *flags(void)
{
    char byte = 'x';
    int fd;

    EXPECT(FAILS(open("/w/none", O_WRONLY), ENOENT));
    fd = open("/w/a", O_WRONLY | O_CREAT | O_EXCL, 0600);
    EXPECT(fd >= 0 && write(fd, "hello", 5) == 5);
    EXPECT(FAILS(read(fd, &byte, 1), EBADF) && close(fd) == 0);
    EXPECT(FAILS(open("/w/a", O_WRONLY | O_CREAT | O_EXCL, 0600), EEXIST));
    fd = open("/w/a", O_RDONLY);
    EXPECT(FAILS(write(fd, &byte, 1), EBADF) && close(fd) == 0);
    fd = open("/w/a", O_WRONLY | O_APPEND);
    EXPECT(fd >= 0 && lseek(fd, 0, SEEK_SET) == 0);
    EXPECT(write(fd, " world", 6) == 6 && close(fd) == 0);
    EXPECT(holds("/w/a", "hello world"));
    fd = open("/w/a", O_RDWR | O_TRUNC);
    EXPECT(fd >= 0 && write(fd, "new", 3) == 3 && lseek(fd, 0, SEEK_SET) == 0);
    EXPECT(read(fd, &byte, 1) == 1 && byte == 'n' && close(fd) == 0);
    EXPECT(holds("/w/a", "new"));
    EXPECT(FAILS(open("/w", O_WRONLY), EISDIR));
    return NULL;
}

static const char *sizes(void)
{
    struct stat st;
    char data[8];
    int fd = open("/w/a", O_RDWR);

    EXPECT(lseek(fd, 100000, SEEK_SET) == 100000 && write(fd, "end", 3) == 3);
    EXPECT(fstat(fd, &st) == 0 && st.st_size == 100003);
    EXPECT(st.st_blocks * 512 < 20000); /* there is a hole */
    EXPECT(lseek(fd, 50000, SEEK_SET) == 50000 && read(fd, data, 8) == 8);
    EXPECT(!memcmp(data, "\0\0\0\0\0\0\0\0", 8));
    EXPECT(ftruncate(fd, 2) == 0 && ftruncate(fd, 5) == 0);
    EXPECT(lseek(fd, 0, SEEK_SET) == 0 && read(fd, data, 8) == 5);
    EXPECT(!memcmp(data, "ne\0\0\0", 5));
    EXPECT(FAILS(ftruncate(fd, -1), EINVAL));
    EXPECT(FAILS(ftruncate(fd, 1ll << 60), EFBIG));
    EXPECT(fsync(fd) == 0 && close(fd) == 0);
    fd = open("/w/a", O_RDONLY);
    EXPECT(FAILS(ftruncate(fd, 0), EINVAL) && close(fd) == 0);
    return NULL;
}

static const char *names(void)
{
    char longest[300] = "/w/";
    struct stat st;

    memset(longest + 3, 'n', 256);
    EXPECT(FAILS(open(longest, O_WRONLY | O_CREAT, 0644), ENAMETOOLONG));
    EXPECT(FAILS(mkdir(longest, 0755), ENAMETOOLONG));
    longest[3 + 255] = 0;
    EXPECT(!make(longest, "x") && unlink(longest) == 0);
    EXPECT(FAILS(open("/w/no/x", O_WRONLY | O_CREAT, 0644), ENOENT));
    EXPECT(FAILS(mkdir("/w/a/x", 0755), ENOTDIR));
    EXPECT(FAILS(mkdir("/w/a", 0755), EEXIST));
    EXPECT(FAILS(mkdir("/", 0755), EINVAL));
    EXPECT(FAILS(unlink("/w/none"), ENOENT) && FAILS(unlink("/w"), EISDIR));
    EXPECT(FAILS(rmdir("/w/a"), ENOTDIR) && FAILS(rmdir("/w"), ENOTEMPTY));
    EXPECT(FAILS(rmdir("/w/."), EINVAL) && FAILS(rmdir("/w/none"), ENOENT));
    EXPECT(mkdir("/w/d/", 0700) == 0 && stat("/w/d", &st) == 0);
    EXPECT(S_ISDIR(st.st_mode) && (st.st_mode & 0777) == 0700);
    EXPECT(rmdir("/w/d") == 0 && FAILS(stat("/w/d", &st), ENOENT));
    return NULL;
}

static const char *moves(void)
{
    struct stat st;

    EXPECT(!make("/w/b", "b") && mkdir("/w/d", 0755) == 0);
    EXPECT(FAILS(rename("/w/none", "/w/x"), ENOENT));
    EXPECT(FAILS(rename("/w/b", "/w/d"), EISDIR));
    EXPECT(FAILS(rename("/w/d", "/w/b"), ENOTDIR));
    EXPECT(FAILS(rename("/w/d", "/w/d/e"), EINVAL));
    EXPECT(rename("/w/b", "/w/b") == 0 && holds("/w/b", "b"));
    EXPECT(rename("/w/b", "/w/a") == 0 && holds("/w/a", "b"));
    EXPECT(FAILS(stat("/w/b", &st), ENOENT));
    EXPECT(rename("/w/a", "/w/d/a") == 0);
    EXPECT(mkdir("/w/e", 0755) == 0 &&
           FAILS(rename("/w/e", "/w/d"), ENOTEMPTY));
    EXPECT(rename("/w/d", "/w/e") == 0 && holds("/w/e/a", "b"));
    EXPECT(holds("/w/e/../e/a", "b"));
    EXPECT(mkdir("/w/f", 0755) == 0 && rename("/w/e", "/w/f/e") == 0);
    EXPECT(holds("/w/f/e/../e/a", "b") && stat("/w", &st) == 0);
    EXPECT(st.st_nlink == 3);
    EXPECT(unlink("/w/f/e/a") == 0 && rmdir("/w/f/e") == 0);
    EXPECT(rmdir("/w/f") == 0);
    return NULL;
}

/* A file lives on while it is open. */
static const char *unlinked(void)
{
    char data[4];
    int fd;

    EXPECT(!make("/w/o", "old"));
    fd = open("/w/o", O_RDWR);
    EXPECT(fd >= 0 && unlink("/w/o") == 0 && !make("/w/o", "new"));
    EXPECT(read(fd, data, 4) == 3 && !memcmp(data, "old", 3));
    EXPECT(write(fd, "er", 2) == 2 && fsync(fd) == 0 && close(fd) == 0);
    EXPECT(holds("/w/o", "new") && unlink("/w/o") == 0);
    return NULL;
}

/* As large as the disk has room for; all of it comes back afterwards. */
static const char *full(void)
{
    static char data[65536];
    struct statvfs before, after;
    int fd = open("/w/big", O_WRONLY | O_CREAT, 0644);
    long n = 0, bytes = 0;

    EXPECT(fd >= 0 && statvfs("/w", &before) == 0);
    while ((n = write(fd, data, sizeof(data))) > 0)
        bytes += n;
    EXPECT(n == -1 && errno == ENOSPC && bytes > 1 << 20);
    EXPECT(FAILS(write(fd, data, sizeof(data)), ENOSPC) && close(fd) == 0);
    EXPECT(unlink("/w/big") == 0 && !make("/w/small", "fits"));
    EXPECT(holds("/w/small", "fits") && unlink("/w/small") == 0);
    EXPECT(statvfs("/w", &after) == 0 && after.f_bfree == before.f_bfree);
    return NULL;
}

static const char *stdio(void)
{
    char line[20] = "";
    FILE *file = fopen("/w/s", "w");

    EXPECT(file && fprintf(file, "%d\n", 42) == 3 && fclose(file) == 0);
    file = fopen("/w/s", "a+");
    EXPECT(file && fputs("more\n", file) >= 0 && fseek(file, 0, SEEK_SET) == 0);
    EXPECT(fgets(line, sizeof(line), file) && !strcmp(line, "42\n"));
    EXPECT(fgets(line, sizeof(line), file) && !strcmp(line, "more\n"));
    EXPECT(fclose(file) == 0 && remove("/w/s") == 0);
    return NULL;
}

const char *test_write(void)
{
    const char *failed;

    EXPECT(files_mount("files") == FILES_OK);
    EXPECT(mkdir("/w", 0755) == 0);
    (void)((failed = flags()) || (failed = sizes()) || (failed = names()) ||
           (failed = moves()) || (failed = unlinked()) || (failed = stdio()) ||
           (failed = full()));
    if (failed)
        return failed;
    EXPECT(rmdir("/w") == 0);
    return NULL;
}
