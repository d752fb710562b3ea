#include "tests/model/image_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NAME "6a6f7572-6e61-6c20-6f66-207075726521"

/* Of this program and the library in it. */
time_t time(time_t *out)
{
    if (out)
        *out = IMAGE_TIME;
    return IMAGE_TIME;
}

bool image_format(const char *path, const char *options, unsigned offset,
                  unsigned blocks)
{
    char command[500];

    snprintf(command, sizeof(command),
             "PATH=$PATH:/usr/sbin:/sbin E2FSPROGS_FAKE_TIME=%d "
             "mke2fs -q -F -t ext4 -b 1024 -N 128 -J size=1 -U " NAME " %s -E "
             "lazy_itable_init=0,nodiscard,hash_seed=" NAME ",offset=%u %s %u "
             "> /dev/null 2>&1",
             IMAGE_TIME, options, offset, path, blocks);
    return system(command) == 0;
}
