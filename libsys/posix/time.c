/*
 * POSIX time on the component's clock.
 */
#include <errno.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

#include <cordon/cordon.h>

static struct timespec of_ns(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_S),
                             .tv_nsec = (long)(ns % NS_PER_S)};
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC) {
        errno = EINVAL;
        return -1;
    }
    *out = of_ns(clock == CLOCK_REALTIME ? clock_wall() : clock_now());
    return 0;
}

int clock_getres(clockid_t clock, struct timespec *out)
{
    (void)clock;
    *out = of_ns(1);
    return 0;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    uint64_t ns = clock_wall();

    (void)zone;
    out->tv_sec = (time_t)(ns / NS_PER_S);
    out->tv_usec = (suseconds_t)(ns % NS_PER_S / NS_PER_US);
    return 0;
}

int nanosleep(const struct timespec *time, struct timespec *left)
{
    if (time->tv_sec < 0 || time->tv_nsec < 0 ||
        time->tv_nsec >= (long)NS_PER_S) {
        errno = EINVAL;
        return -1;
    }
    clock_sleep((uint64_t)time->tv_sec * NS_PER_S + (uint64_t)time->tv_nsec);
    if (left != NULL)
        *left = of_ns(0);
    return 0;
}

unsigned sleep(unsigned seconds)
{
    clock_sleep(seconds * NS_PER_S);
    return 0;
}

int usleep(useconds_t microseconds)
{
    clock_sleep(microseconds * NS_PER_US);
    return 0;
}

/* CPU time of the component's first scheduling context. */
clock_t times(struct tms *out)
{
    struct result r = sched_info(STARTUP_SCHED_CONTEXT);
    uint64_t consumed = r.status == OK ? r.r[0] : 0;

    *out = (struct tms){.tms_utime =
                            (clock_t)(consumed / (NS_PER_S / CLOCKS_PER_SEC))};
    return (clock_t)(clock_now() / (NS_PER_S / CLOCKS_PER_SEC));
}
