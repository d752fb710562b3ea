/*
 * Options of TCP sockets, level IPPROTO_TCP.
 */
#pragma once

#define TCP_NODELAY  1
#define TCP_KEEPIDLE 4 /* seconds until the first probe, with SO_KEEPALIVE */
