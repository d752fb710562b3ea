/* Where struct thread keeps what entry.S needs; thread.h checks it. */
#pragma once

#define THREAD_REGS 16
