/*
 * The file service as a program of the C library sees it.
 */
#include <cordon/files.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/component/filetest/filetest.h"

#define BIG       "/big.bin"
#define BIG_BYTES (64l << 20)

static const char *errors(void)
{
    char byte;
    int fd;

    errno = 0;
    EXPECT(open("/nope", O_RDONLY) == -1 && errno == ENOENT);
    EXPECT(open(BIG "/x", O_RDONLY) == -1 && errno == ENOTDIR);
    EXPECT(open(BIG, O_RDWR) == -1 && errno == EACCES);
    EXPECT(open("/new", O_WRONLY | O_CREAT, 0644) == -1 && errno == EACCES);
    EXPECT(mkdir("/new", 0755) == -1 && errno == EACCES);
    EXPECT(unlink(BIG) == -1 && errno == EACCES);
    EXPECT(rename(BIG, "/b") == -1 && errno == EACCES);
    fd = open("/docs", O_RDONLY);
    EXPECT(fd >= 0 && read(fd, &byte, 1) == -1 && errno == EISDIR);
    EXPECT(write(fd, &byte, 1) == -1);
    EXPECT(close(fd) == 0 && close(fd) == -1 && errno == EBADF);
    EXPECT(opendir(BIG) == NULL && errno == ENOTDIR);
    return NULL;
}

/* Sum of all bytes, read in odd pieces. */
static long sum_of(const char *path, long *bytes)
{
    static unsigned char data[70001];
    long sum = 0, n;
    int fd = open(path, O_RDONLY);

    for (*bytes = 0; (n = read(fd, data, sizeof(data))) > 0; *bytes += n)
        for (long i = 0; i < n; i++)
            sum += data[i];
    return close(fd) || n < 0 ? -1 : sum;
}

static const char *data(void)
{
    unsigned char a[32], b[32];
    struct stat st;
    long bytes, sum = sum_of(BIG, &bytes);
    FILE *file;

    EXPECT(sum > 0 && bytes == BIG_BYTES);
    EXPECT(sum_of(BIG, &bytes) == sum);
    EXPECT(stat(BIG, &st) == 0 && st.st_size == BIG_BYTES);
    EXPECT(S_ISREG(st.st_mode) && st.st_nlink == 1);
    file = fopen(BIG, "rb");
    EXPECT(file != NULL);
    EXPECT(fseek(file, 12345678, SEEK_SET) == 0);
    EXPECT(fread(a, 1, 32, file) == 32 && ftell(file) == 12345710);
    EXPECT(fseek(file, -32, SEEK_CUR) == 0 && fread(b, 1, 32, file) == 32);
    EXPECT(memcmp(a, b, 32) == 0);
    EXPECT(fseek(file, -5, SEEK_END) == 0 && fread(a, 1, 32, file) == 5);
    EXPECT(feof(file) && fclose(file) == 0);
    return NULL;
}

static const char *directories(void)
{
    DIR *dir = opendir("/docs");
    struct dirent *entry;
    int found = 0, dots = 0;

    EXPECT(dir != NULL);
    while ((entry = readdir(dir))) {
        found += !strcmp(entry->d_name, "files.md") && entry->d_type == DT_REG;
        dots += !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
    }
    EXPECT(found == 1 && dots == 2 && closedir(dir) == 0);
    return NULL;
}

/* A client's handles are bounded, and closing gives them back. */
static const char *bounds(void)
{
    int fds[FILES_HANDLES_MAX + 1];
    unsigned n = 0;

    for (int round = 0; round < 3; round++) {
        errno = 0;
        for (n = 0; n <= FILES_HANDLES_MAX; n++) {
            fds[n] = open(BIG, O_RDONLY);
            if (fds[n] < 0)
                break;
        }
        EXPECT(n == FILES_HANDLES_MAX && errno == EMFILE);
        while (n--)
            EXPECT(close(fds[n]) == 0);
    }
    return NULL;
}

const char *test_posix(void)
{
    const char *failed;

    EXPECT(files_mount("files") == FILES_OK);
    (void)((failed = errors()) || (failed = directories()) ||
           (failed = bounds()) || (failed = data()));
    return failed;
}
