/*
 * A web server: the files of the service `files` over HTTP/1.1 (docs/http.md).
 *
 *   port=80          where it listens
 *   root=/           the directory that is the server's root
 *   put=/upload      files may be put, and removed, below this path
 *   connections=128  at once
 *   log              a line for each request, at most ten a second
 */
#include <stdio.h>

#include "servers/httpd/server.h"

int main(int argc, char **argv)
{
    static struct server server;
    const char *wrong = server_arguments(&server, argc - 1, argv + 1);

    if (wrong) {
        printf("argument '%s': expected port=1..65535, root=/PATH, put=/PATH, "
               "connections=1..%u or log\n",
               wrong, SERVER_MOST);
        return 1;
    }
    if (!server_open(&server)) {
        printf("no memory for %u connections: raise `memory` in the policy\n",
               (unsigned)server.most);
        return 1;
    }
    for (;;)
        server_round(&server, UINT64_MAX);
}
