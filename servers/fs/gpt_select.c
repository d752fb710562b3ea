/*
 * Which partition is meant: the component's arguments, as the policy has them.
 */
#include "gpt.h"

#include <string.h>

/* Type of a Linux file system (UEFI leaves these to the makers of systems). */
#define TYPE_LINUX "0FC63DAF-8483-4772-8E79-3D69D8477DE4"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int gpt_guid_parse(struct gpt_guid *guid, const char *text)
{
    /* The first three groups are little-endian numbers (UEFI appendix A). */
    static const uint8_t order[16] = {3, 2, 1,  0,  5,  4,  7,  6,
                                      8, 9, 10, 11, 12, 13, 14, 15};

    for (int i = 0; i < 16; i++) {
        int high, low;

        if ((i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
            return -1;
        high = hex_digit(text[0]);
        low = high < 0 ? -1 : hex_digit(text[1]);
        if (low < 0)
            return -1;
        guid->bytes[order[i]] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    return *text ? -1 : 0;
}

static int number_parse(uint32_t *number, const char *text)
{
    uint32_t value = 0;

    if (!*text)
        return -1;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        value = value * 10 + (uint32_t)(*text - '0');
        if (value > GPT_ENTRIES_MAX)
            return -1;
    }
    *number = value;
    return value ? 0 : -1;
}

int gpt_select_parse(struct gpt_select *select, const char *arg)
{
    if (!strncmp(arg, "partition=", 10))
        return number_parse(&select->number, arg + 10) ? -1 : 1;
    if (!strncmp(arg, "type=", 5)) {
        const char *text = strcmp(arg + 5, "linux") ? arg + 5 : TYPE_LINUX;

        select->has_type = 1;
        return gpt_guid_parse(&select->type, text) ? -1 : 1;
    }
    if (!strncmp(arg, "name=", 5)) {
        select->name = arg + 5;
        return arg[5] ? 1 : -1;
    }
    return 0;
}
