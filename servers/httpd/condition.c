/*
 * Conditional requests, in the order of RFC 9110 13.2.2 (condition.h).
 */
#include "condition.h"

#include <string.h>

#include "servers/httpd/date.h"

static bool is_weak(struct span tag)
{
    return tag.bytes > 2 && tag.data[0] == 'W' && tag.data[1] == '/';
}

/* RFC 9110 8.8.3.2: a weak tag is equal to nothing in a strong comparison. */
static bool tags_equal(struct span tag, const char *etag, bool strong)
{
    struct span own = {etag, strlen(etag)};

    if (strong && (is_weak(tag) || is_weak(own)))
        return false;
    if (is_weak(tag))
        tag = (struct span){tag.data + 2, tag.bytes - 2};
    if (is_weak(own))
        own = (struct span){own.data + 2, own.bytes - 2};
    return tag.bytes == own.bytes && !memcmp(tag.data, own.data, own.bytes);
}

/* Ours have no comma in them, so a list can be split at commas. */
static bool list_has(struct span list, const struct validator *v, bool strong)
{
    struct span tag;

    if (list.bytes == 1 && list.data[0] == '*')
        return v->exists;
    while (v->exists && span_next(&list, &tag))
        if (tags_equal(tag, v->etag, strong))
            return true;
    return false;
}

/* A date that is none is ignored: as if the field were not there. */
static bool date_of(struct span field, int64_t *seconds)
{
    return field.data && date_parse(field, seconds);
}

enum condition_result condition_check(const struct request *r,
                                      const struct validator *v)
{
    bool read = r->method == METHOD_GET || r->method == METHOD_HEAD;
    int64_t date;

    if (r->if_match.data) {
        if (!list_has(r->if_match, v, true))
            return CONDITION_FAILED;
    } else if (v->exists && date_of(r->if_unmodified_since, &date) &&
               v->modified > date) {
        return CONDITION_FAILED;
    }
    if (r->if_none_match.data) {
        if (list_has(r->if_none_match, v, false))
            return read ? CONDITION_NOT_MODIFIED : CONDITION_FAILED;
    } else if (read && date_of(r->if_modified_since, &date) &&
               v->modified <= date) {
        return CONDITION_NOT_MODIFIED;
    }
    return CONDITION_GO;
}

bool condition_range(const struct request *r, const struct validator *v)
{
    int64_t date;

    if (!r->if_range.data)
        return true;
    if (date_of(r->if_range, &date))
        /* Within the second of a change a date says nothing; our tag is weak
         * then, too. */
        return v->etag[0] == '"' && date == v->modified;
    return tags_equal(r->if_range, v->etag, true);
}
