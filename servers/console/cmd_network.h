/*
 * Network commands that have a file of their own.
 */
#pragma once

int do_ping(int argc, char **argv);
int do_wget(int argc, char **argv);
