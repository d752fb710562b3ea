/*
 * A component that never stops talking, with escape sequences in what it says.
 * Its lines cost its own budget; the console stays usable (R7).
 */
#include <stdio.h>

int main(void)
{
    for (unsigned long n = 0;; n++)
        printf("line %lu \033[2J\007 and some more words to fill it\n", n);
}
