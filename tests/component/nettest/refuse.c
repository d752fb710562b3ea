/*
 * Where connections fail, and names.
 */
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/component/nettest/nettest.h"

/* The third word is the errno's name that is expected. */
static int number_of(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } known[] = {{"ECONNREFUSED", ECONNREFUSED},
                 {"ETIMEDOUT", ETIMEDOUT},
                 {"EACCES", EACCES},
                 {"ENETUNREACH", ENETUNREACH},
                 {"EHOSTUNREACH", EHOSTUNREACH},
                 {"ENETDOWN", ENETDOWN}};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(known[i].name, name) == 0)
            return known[i].number;
    return -1;
}

const char *role_refuse(int argc, char **argv)
{
    EXPECT(argc == 3);
    errno = 0;
    EXPECT(connect_to(argv[0], argv[1], SOCK_STREAM) == -1);
    EXPECT(errno == number_of(argv[2]));
    return NULL;
}

const char *role_names(int argc, char **argv)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    char text[NI_MAXHOST];
    int error;

    EXPECT(argc == 1);
    error = getaddrinfo(argv[0], "http", &hints, &list);
    printf("names: %s: %s\n", argv[0], gai_strerror(error));
    if (error != 0)
        return NULL;
    for (struct addrinfo *at = list; at != NULL; at = at->ai_next) {
        EXPECT(getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof(text),
                           NULL, 0, NI_NUMERICHOST) == 0);
        printf("names: %s is %s\n", argv[0], text);
    }
    freeaddrinfo(list);
    return NULL;
}
