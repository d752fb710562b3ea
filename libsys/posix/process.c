/*
 * What is left of a process: it ends. A component neither forks nor executes,
 * and a signal that it sends itself (abort) ends it.
 */
#include <cpuid.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libsys/runtime.h"

#define SIGNAL_STATUS 128 /* exit status of a component ended by a signal */
#define RDRAND_TRIES  16  /* Intel SDM 1, 7.3.17.1: ten suffice */
#define ENTROPY_MAX   256 /* bytes a call, as POSIX says */

void _exit(int status)
{
    component_exit(status);
}

pid_t getpid(void)
{
    return 1;
}

int kill(pid_t pid, int signal)
{
    if (pid == getpid() && signal != 0)
        component_exit(SIGNAL_STATUS + signal);
    errno = pid == getpid() ? EINVAL : ESRCH;
    return signal == 0 && pid == getpid() ? 0 : -1;
}

static int unsupported(void)
{
    errno = ENOSYS;
    return -1;
}

pid_t fork(void)
{
    return unsupported();
}

int execve(const char *path, char *const argv[], char *const env[])
{
    (void)path, (void)argv, (void)env;
    return unsupported();
}

pid_t wait(int *status)
{
    (void)status;
    return unsupported();
}

/* There are no signals, so none is ever blocked. */
int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
    (void)how, (void)set;
    if (old != NULL)
        *old = 0;
    return 0;
}

static bool random_word(uint64_t *out)
{
    unsigned char ok = 0;

    for (int i = 0; i < RDRAND_TRIES && !ok; i++)
        __asm__ volatile("rdrand %0; setc %1" : "=r"(*out), "=qm"(ok)::"cc");
    return ok;
}

/* From the CPU's generator; fails with ENOSYS where it has none. */
int getentropy(void *data, size_t bytes)
{
    unsigned a, b, c = 0, d;
    uint8_t *to = data;
    uint64_t word = 0;

    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_RDRND))
        return unsupported();
    if (bytes > ENTROPY_MAX) {
        errno = EIO;
        return -1;
    }
    for (size_t i = 0; i < bytes; i++, word >>= 8) {
        if (i % sizeof(word) == 0 && !random_word(&word)) {
            errno = EIO;
            return -1;
        }
        to[i] = (uint8_t)word;
    }
    return 0;
}
