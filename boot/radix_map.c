/* See radix_map.h. */
#include "boot/radix_map.h"

enum radix_status radix_map(struct radix *r, uint64_t va, paddr_t pa,
                            unsigned size_bits, unsigned attrs)
{
    enum radix_status s = radix_check(r, va, size_bits, 1);
    struct radix_cursor c;

    if (s != RADIX_OK)
        return s;
    if ((pa.v & (((uint64_t)1 << size_bits) - 1)) != 0)
        return RADIX_BAD_ALIGN;
    if ((pa.v & ~r->format->address) != 0)
        return RADIX_BAD_RANGE;
    radix_cursor_begin(&c, r, va, size_bits, attrs);
    radix_cursor_put(&c, pa);
    radix_cursor_end(&c);
    return RADIX_OK;
}
