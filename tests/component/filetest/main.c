/*
 * A client of the file service: `posix` reads through newlib, `write` changes
 * files through it, `hostile` sends all that should be refused. They run at the
 * same time.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/component/filetest/filetest.h"

int main(int argc, char **argv)
{
    const char *role = argc > 1 ? argv[1] : "";
    const char *failed = "unknown role";

    if (!strcmp(role, "posix"))
        failed = test_posix();
    else if (!strcmp(role, "hostile"))
        failed = test_hostile();
    else if (!strcmp(role, "write"))
        failed = test_write();
    printf("%s: %s\n", role, failed ? failed : "all held");
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
