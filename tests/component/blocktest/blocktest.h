/* What the parts of the block service's test share. */
#pragma once

#include <cordon/block.h>
#include <cordon/cordon.h>
#include <stdio.h>

/* Say how a part went; count what failed. */
void part(const char *name, bool good);
extern unsigned failures;

/* Writes and reads of every size on one disk; `disk` from 0. */
void work_disk(uint32_t disk);

/* Garbage on the rings and in calls, and Frames taken back in flight. */
void hostile(void);

/* Cycles (instructions under icount) of a 4 KiB read. */
void measure(void);

/* Requests in flight when the driver dies. */
void deaths(void);
