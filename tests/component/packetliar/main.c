/* Argument: `liar` serves, `victim` is the client. */
#include <string.h>

#include "tests/component/packetliar/liar.h"

int main(int argc, char **argv)
{
    return argc > 1 && strcmp(argv[1], "liar") == 0 ? liar() : victim();
}
