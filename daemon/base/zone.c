/* SPDX-License-Identifier: Apache-2.0 */
/* TZif version 2 and later (RFC 8536): 64-bit transitions, then a POSIX TZ string for what comes after them. */
#include "base/zone.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/zone_rule.h"

#define ZONE_FOLDER "/usr/share/zoneinfo/"

enum { HEADER_SIZE = 44, FILE_MAX = 1 << 20, NAME_MAX_LENGTH = 64 };

struct zone {
        char *name;
        int64_t *transitions; /* seconds, ascending */
        int32_t *offsets; /* in force from the transition of the same index on */
        size_t count;
        int32_t first_offset; /* before the first transition */
        struct zone_rule rule;
        bool has_rule;
};

struct reader {
        const uint8_t *data;
        size_t left;
};

static int64_t take(struct reader *reader, size_t size)
{
        int64_t value = 0;

        if (reader->left < size) {
                reader->left = 0;
                return 0;
        }
        if (reader->data[0] & 0x80)
                value = -1;
        for (size_t i = 0; i < size; i++)
                value = (int64_t)((uint64_t)value << 8 | reader->data[i]);
        reader->data += size;
        reader->left -= size;
        return value;
}

static void skip(struct reader *reader, size_t size)
{
        size = size > reader->left ? reader->left : size;
        reader->data += size;
        reader->left -= size;
}

struct counts {
        size_t utc, std, leap, time, type, chars;
};

static int read_header(struct reader *reader, struct counts *counts)
{
        if (reader->left < HEADER_SIZE || memcmp(reader->data, "TZif", 4) != 0 || reader->data[4] < '2')
                return -EBADMSG;
        skip(reader, 20);
        counts->utc = (size_t)take(reader, 4);
        counts->std = (size_t)take(reader, 4);
        counts->leap = (size_t)take(reader, 4);
        counts->time = (size_t)take(reader, 4);
        counts->type = (size_t)take(reader, 4);
        counts->chars = (size_t)take(reader, 4);
        if (counts->time > FILE_MAX || counts->type == 0 || counts->type > 256 || counts->chars > FILE_MAX)
                return -EBADMSG;
        return 0;
}

static int read_table(struct reader *reader, const struct counts *counts, struct zone *zone)
{
        int32_t types[256];
        const uint8_t *indexes;

        if (reader->left < counts->time * 9 + counts->type * 6)
                return -EBADMSG;
        zone->count = counts->time;
        zone->transitions = xcalloc(counts->time + 1, sizeof(*zone->transitions));
        zone->offsets = xcalloc(counts->time + 1, sizeof(*zone->offsets));
        for (size_t i = 0; i < counts->time; i++)
                zone->transitions[i] = take(reader, 8);
        indexes = reader->data;
        skip(reader, counts->time);
        for (size_t i = 0; i < counts->type; i++) {
                types[i] = (int32_t)take(reader, 4);
                skip(reader, 2);
        }
        for (size_t i = 0; i < counts->time; i++) {
                if (indexes[i] >= counts->type)
                        return -EBADMSG;
                zone->offsets[i] = types[indexes[i]];
        }
        zone->first_offset = types[0];
        skip(reader, counts->chars + counts->leap * 12 + counts->std + counts->utc);
        return 0;
}

static int parse(struct reader *reader, struct zone *zone)
{
        struct counts counts;
        char footer[128];
        size_t length = 0;
        int r = read_header(reader, &counts);

        if (r)
                return error_origin(r);
        /* The first block is for readers of 32 bits. */
        skip(reader,
                counts.time * 5 + counts.type * 6 + counts.chars + counts.leap * 8 + counts.std + counts.utc);
        r = read_header(reader, &counts);
        if (!r)
                r = read_table(reader, &counts, zone);
        if (r)
                return error_origin(r);
        skip(reader, 1);
        while (length < reader->left && length < sizeof(footer) - 1 && reader->data[length] != '\n') {
                footer[length] = (char)reader->data[length];
                length++;
        }
        footer[length] = '\0';
        zone->has_rule = zone_rule_parse(footer, &zone->rule);
        return 0;
}

static bool is_name(const char *name)
{
        static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";

        return *name && *name != '/' && strlen(name) <= NAME_MAX_LENGTH &&
               name[strspn(name, letters)] == '\0';
}

int zone_load(const char *name, struct zone **zonep)
{
        _cleanup_(freep) uint8_t *data = NULL;
        _cleanup_(freep) char *path = NULL;
        _cleanup_(closep) int fd = -1;
        struct zone *zone;
        struct stat status;
        struct reader reader;
        ssize_t length;

        if (!is_name(name))
                return ZONE_E_UNKNOWN;
        path = xasprintf(ZONE_FOLDER "%s", name);
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size > FILE_MAX)
                return ZONE_E_UNKNOWN;
        data = xmalloc((size_t)status.st_size + 1);
        length = read(fd, data, (size_t)status.st_size);
        zone = xcalloc(1, sizeof(*zone));
        zone->name = xstrdup(name);
        reader = (struct reader){ data, length > 0 ? (size_t)length : 0 };
        if (parse(&reader, zone) != 0) {
                zone_free(zone);
                return ZONE_E_UNKNOWN;
        }
        *zonep = zone;
        return 0;
}

struct zone *zone_free(struct zone *zone)
{
        if (!zone)
                return NULL;
        free(zone->name);
        free(zone->transitions);
        free(zone->offsets);
        free(zone);
        return NULL;
}

const char *zone_name(const struct zone *zone)
{
        return zone ? zone->name : "UTC";
}

static int64_t floor_seconds(struct instant at)
{
        return at.us >= 0 ? at.us / INSTANT_SECOND : -((-at.us + INSTANT_SECOND - 1) / INSTANT_SECOND);
}

int32_t zone_offset(const struct zone *zone, struct instant at)
{
        int64_t seconds = floor_seconds(at);
        size_t low = 0, high;

        if (!zone)
                return 0;
        high = zone->count;
        while (low < high) { /* the first transition after `seconds` */
                size_t middle = low + (high - low) / 2;

                if (zone->transitions[middle] <= seconds)
                        low = middle + 1;
                else
                        high = middle;
        }
        if (low == zone->count && zone->has_rule)
                return zone_rule_offset(&zone->rule, seconds);
        return low ? zone->offsets[low - 1] : zone->first_offset;
}

struct instant zone_instant(const struct zone *zone, const struct civil *civil)
{
        int64_t local = (int64_t)date_from_civil(civil->year, civil->month, civil->day).days * 86400 +
                        civil->hour * 3600 + civil->minute * 60 + civil->second;
        int64_t day = 86400;
        /* Zones change at most once within a day of any moment: the two offsets around it are the candidates. */
        int32_t before = zone_offset(zone, (struct instant){ (local - day) * INSTANT_SECOND });
        int32_t after = zone_offset(zone, (struct instant){ (local + day) * INSTANT_SECOND });
        int64_t early = local - before, late = local - after;
        bool early_holds = zone_offset(zone, (struct instant){ early * INSTANT_SECOND }) == before;
        bool late_holds = zone_offset(zone, (struct instant){ late * INSTANT_SECOND }) == after;
        int64_t seconds = early_holds && late_holds ? (early < late ? early : late)
                          : late_holds              ? late
                                                    : early;

        return (struct instant){ seconds * INSTANT_SECOND + civil->microsecond };
}

struct civil zone_civil(const struct zone *zone, struct instant at)
{
        int64_t seconds = floor_seconds(at), local = seconds + zone_offset(zone, at);
        int64_t days = local >= 0 ? local / 86400 : -((-local + 86399) / 86400);
        int rest = (int)(local - days * 86400);
        struct civil civil = { .hour = rest / 3600,
                .minute = rest / 60 % 60,
                .second = rest % 60,
                .microsecond = (int32_t)(at.us - seconds * INSTANT_SECOND) };

        date_to_civil((struct date){ (int32_t)days }, &civil.year, &civil.month, &civil.day);
        return civil;
}

struct date zone_day(const struct zone *zone, struct instant at, int day_starts_minutes)
{
        struct civil civil = zone_civil(zone, at);
        struct date date = date_from_civil(civil.year, civil.month, civil.day);

        /* Not by the clock alone: an hour that is skipped, or there twice, may hold the moment that the day begins. */
        if (at.us < zone_day_start(zone, date, day_starts_minutes).us)
                date.days--;
        return date;
}

struct instant zone_day_start(const struct zone *zone, struct date day, int day_starts_minutes)
{
        struct civil civil = { .hour = day_starts_minutes / 60, .minute = day_starts_minutes % 60 };

        date_to_civil(day, &civil.year, &civil.month, &civil.day);
        return zone_instant(zone, &civil);
}

void zone_format(const struct zone *zone, struct instant at, char out[static 40])
{
        instant_format(at, zone_offset(zone, at) / 60 * 60, out);
}
