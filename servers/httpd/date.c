/*
 * HTTP dates (date.h). The calendar is computed on years that begin in March,
 * so that the leap day is a year's last: 153 days in five months from there.
 */
#include "date.h"

#include <string.h>

#define DAY       86400
#define LAST      253402300799ll /* 9999-12-31 23:59:59 */
#define ERA_DAYS  146097         /* 400 years */
#define EPOCH_DAY 719468         /* 1970-01-01, from 0000-03-01 */

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char days[] = "SunMonTueWedThuFriSat";

struct date {
    unsigned year, month, day; /* month 0 is January */
    unsigned hour, minute, second;
    unsigned weekday; /* 0 is Sunday */
};

static struct date date_of(int64_t seconds)
{
    uint64_t s = seconds < 0      ? 0
                 : seconds > LAST ? (uint64_t)LAST
                                  : (uint64_t)seconds;
    unsigned day = (unsigned)(s / DAY) + EPOCH_DAY, left = (unsigned)(s % DAY);
    unsigned era = day / ERA_DAYS, d = day % ERA_DAYS;
    unsigned year = (d - d / 1460 + d / 36524 - d / 146096) / 365;
    unsigned of_year = d - (365 * year + year / 4 - year / 100);
    unsigned month = (5 * of_year + 2) / 153; /* 0 is March */

    return (struct date){
        .year = year + 400 * era + (month >= 10),
        .month = (month + 2) % 12,
        .day = of_year - (153 * month + 2) / 5 + 1,
        .hour = left / 3600,
        .minute = left / 60 % 60,
        .second = left % 60,
        .weekday = (day + 3) % 7,
    };
}

static int64_t seconds_of(const struct date *d)
{
    unsigned year = d->year - (d->month < 2), month = (d->month + 10) % 12;
    unsigned of_year = (153 * month + 2) / 5 + d->day - 1, y = year % 400;
    int64_t day = (int64_t)(year / 400) * ERA_DAYS + 365 * y + y / 4 - y / 100 +
                  of_year - EPOCH_DAY;

    return day * DAY + d->hour * 3600 + d->minute * 60 + d->second;
}

static void put_digits(struct text *t, unsigned number, unsigned digits)
{
    char d[4];

    for (unsigned i = digits; i-- > 0; number /= 10)
        d[i] = (char)('0' + number % 10);
    text_bytes(t, d, digits);
}

static void put_clock(struct text *t, const struct date *d)
{
    put_digits(t, d->hour, 2);
    text_put(t, ":");
    put_digits(t, d->minute, 2);
}

void date_put(struct text *t, int64_t seconds)
{
    struct date d = date_of(seconds);

    text_bytes(t, days + 3 * d.weekday, 3);
    text_put(t, ", ");
    put_digits(t, d.day, 2);
    text_put(t, " ");
    text_bytes(t, months + 3 * d.month, 3);
    text_put(t, " ");
    put_digits(t, d.year, 4);
    text_put(t, " ");
    put_clock(t, &d);
    text_put(t, ":");
    put_digits(t, d.second, 2);
    text_put(t, " GMT");
}

void date_put_short(struct text *t, int64_t seconds)
{
    struct date d = date_of(seconds);

    put_digits(t, d.year, 4);
    text_put(t, "-");
    put_digits(t, d.month + 1, 2);
    text_put(t, "-");
    put_digits(t, d.day, 2);
    text_put(t, " ");
    put_clock(t, &d);
}

/* `form` has a letter for each character: D day, Y year, h m s, N the month's
 * three letters; any other stands for itself. */
static bool date_read(struct span s, const char *form, struct date *d)
{
    if (s.bytes != strlen(form))
        return false;
    for (size_t i = 0; i < s.bytes; i++) {
        unsigned *field = form[i] == 'D'   ? &d->day
                          : form[i] == 'Y' ? &d->year
                          : form[i] == 'h' ? &d->hour
                          : form[i] == 'm' ? &d->minute
                          : form[i] == 's' ? &d->second
                                           : NULL;
        char c = s.data[i];

        if (form[i] == 'N') {
            d->month = 0;
            while (d->month < 12 &&
                   memcmp(months + 3 * d->month, s.data + i, 3))
                d->month++;
            i += 2;
        } else if (field && form[i] == 'D' && c == ' ') {
            *field = 0; /* asctime's day has a blank before its one digit */
        } else if (field && c >= '0' && c <= '9') {
            *field = 10 * *field + (unsigned)(c - '0');
        } else if (field || c != form[i]) {
            return false;
        }
    }
    return true;
}

static unsigned month_days(const struct date *d)
{
    bool leap = d->year % 4 == 0 && (d->year % 100 || d->year % 400 == 0);

    if (d->month == 1)
        return leap ? 29 : 28;
    return d->month == 3 || d->month == 5 || d->month == 8 || d->month == 10
               ? 30
               : 31;
}

static bool date_valid(const struct date *d)
{
    return d->year >= 1970 && d->month < 12 && d->day >= 1 &&
           d->day <= month_days(d) && d->hour < 24 && d->minute < 60 &&
           d->second <= 60;
}

/* Cut the name of the day off: "Sunday, " or "Sun, " or "Sun ". */
static struct span after_weekday(struct span s)
{
    size_t at = 0;

    while (at < s.bytes && s.data[at] != ' ')
        at++;
    at += at < s.bytes;
    return (struct span){s.data + at, s.bytes - at};
}

bool date_parse(struct span s, int64_t *seconds)
{
    struct date d = {0};
    struct span rest = after_weekday(s);

    if (!date_read(rest, "DD N   YYYY hh:mm:ss GMT", &d)) {
        d = (struct date){0};
        if (date_read(rest, "DD-N  -YY hh:mm:ss GMT", &d)) {
            d.year += d.year < 70 ? 2000 : 1900;
        } else {
            d = (struct date){0};
            if (!date_read(rest, "N   DD hh:mm:ss YYYY", &d))
                return false;
        }
    }
    if (!date_valid(&d))
        return false;
    *seconds = seconds_of(&d);
    return true;
}
