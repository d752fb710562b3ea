/*
 * What kind of data a file holds, by its name.
 */
#pragma once

/* For Content-Type; never NULL. */
const char *media_type(const char *path);
