/*
 * The two requests that descriptors know here.
 */
#pragma once

#define FIONREAD 0x541b /* int: bytes that can be read now */
#define FIONBIO  0x5421 /* int: not 0: do not block, as O_NONBLOCK */

int ioctl(int fd, unsigned long request, ...);
