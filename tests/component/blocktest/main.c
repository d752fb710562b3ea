/*
 * A client of the block service. Argument: `work` writes and reads what it
 * wrote, `hostile` does what no client should, `measure` counts.
 */
#include "tests/component/blocktest/blocktest.h"

#include <string.h>

unsigned failures;

void part(const char *name, bool good)
{
    failures += !good;
    printf("%s: %s %s\n", startup->name, name, good ? "ok" : "FAILED");
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "work";
    struct block_device *dev;
    uint32_t disks = 0;
    int status = block_open("disk", 0, &dev);

    if (status == BLOCK_OK) {
        disks = block_info(dev)->namespaces;
        block_close(dev);
    } else {
        printf("%s: open: %s\n", startup->name, block_error_text(status));
    }
    if (strcmp(what, "hostile") == 0)
        hostile();
    else if (strcmp(what, "measure") == 0)
        measure();
    else if (strcmp(what, "deaths") == 0)
        deaths();
    else
        for (uint32_t disk = 0; disk < disks; disk++)
            work_disk(disk);
    printf("%s: done, %u disks, %u failed\n", startup->name, (unsigned)disks,
           failures);
    return failures != 0;
}
