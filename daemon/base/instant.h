/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Points in time and calendar dates, in types of their own.
 *
 * An instant is microseconds since 1970-01-01T00:00:00Z. A date is days since 1970-01-01, proleptic Gregorian.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct instant {
        int64_t us;
};

struct date {
        int32_t days;
};

#define INSTANT_NONE ((struct instant){ INT64_MIN }) /* "no time given" */
#define DATE_NONE ((struct date){ INT32_MIN })
#define INSTANT_SECOND INT64_C(1000000)
#define INSTANT_MINUTE (60 * INSTANT_SECOND)

static inline bool instant_is_none(struct instant t)
{
        return t.us == INT64_MIN;
}

static inline struct instant instant_or(struct instant t, struct instant otherwise)
{
        return instant_is_none(t) ? otherwise : t;
}

static inline bool date_is_none(struct date d)
{
        return d.days == INT32_MIN;
}

struct civil {
        int year, month, day, hour, minute, second;
        int32_t microsecond;
};

/* The wall clock, and the monotonic clock in microseconds (for deadlines; never mixed with the first). */
struct instant clock_now(void);
int64_t clock_monotonic_us(void);

struct date date_from_civil(int year, int month, int day); /* no range check of its arguments */
void date_to_civil(struct date date, int *year, int *month, int *day);
/* "2025-10-25"; whole text or false. Years 0002 to 9998, and so in instants. */
bool date_parse(const char *text, struct date *date);
/* Writes 10 characters and NUL. */
void date_format(struct date date, char out[static 11]);

/*
 * RFC 3339 date-time with an offset, whole text or false: years 0002 to 9998, leap second folded to :59, up to
 * nine fraction digits (cut to microseconds), "T"/"t"/" " and "Z"/"z" accepted as the RFC allows.
 */
bool instant_parse(const char *text, struct instant *instant);
/* Whether it lies in those years, in UTC: of what was not read by instant_parse. */
bool instant_is_usable(struct instant at);
/* Writes with the offset given (seconds east of UTC); the fraction only when there is one. `out` takes 40. */
void instant_format(struct instant instant, int32_t offset_seconds, char out[static 40]);
