/* The smallest component: it starts and sleeps. Policies with more or fewer of
 * them tell what one costs. */
#include <cordon/cordon.h>

int main(void)
{
    clock_sleep_until(DEADLINE_NEVER);
    return 0;
}
