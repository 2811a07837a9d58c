/* SPDX-License-Identifier: Apache-2.0 */
#include "base/jsonout.h"

#include <stdio.h>
#include <string.h>

#include "base/eight.h"
#include "base/zone.h"

static void begin_value(struct jsonout *out)
{
        if (out->comma)
                buffer_add_char(out->to, ',');
        out->comma = true;
}

static void open_with(struct jsonout *out, char c)
{
        begin_value(out);
        buffer_add_char(out->to, c);
        out->comma = false;
}

static void close_with(struct jsonout *out, char c)
{
        buffer_add_char(out->to, c);
        out->comma = true;
}

void json_begin_object(struct jsonout *out)
{
        open_with(out, '{');
}

void json_end_object(struct jsonout *out)
{
        close_with(out, '}');
}

void json_begin_array(struct jsonout *out)
{
        open_with(out, '[');
}

void json_end_array(struct jsonout *out)
{
        close_with(out, ']');
}

static void add_escaped(struct buffer *to, unsigned char c)
{
        switch (c) {
        case '"':
                buffer_add(to, "\\\"", 2);
                return;
        case '\\':
                buffer_add(to, "\\\\", 2);
                return;
        case '\n':
                buffer_add(to, "\\n", 2);
                return;
        case '\r':
                buffer_add(to, "\\r", 2);
                return;
        case '\t':
                buffer_add(to, "\\t", 2);
                return;
        default:
                buffer_addf(to, "\\u%04x", c);
        }
}

static bool is_escaped(unsigned char c)
{
        return c < 0x20 || c == '"' || c == '\\';
}

/* Copies what can be taken as it is, from the beginning on, and says how many bytes that was: most texts are one such run. */
static size_t copy_plain(char *to, const char *text, size_t length)
{
        size_t i = 0;

        for (; i + 8 <= length; i += 8) {
                if (eight_escaped(eight_read(text + i)))
                        break;
                memcpy(to + i, text + i, 8);
        }
        /* The last eight, of which some have been looked at. */
        if (length >= 8 && i + 8 > length && !eight_escaped(eight_read(text + length - 8))) {
                memcpy(to + length - 8, text + length - 8, 8);
                return length;
        }
        for (; i < length && !is_escaped((unsigned char)text[i]); i++)
                to[i] = text[i];
        return i;
}

static void add_quoted(struct buffer *to, const char *text, size_t length)
{
        size_t plain;

        buffer_reserve(to, length + 2);
        to->data[to->length++] = '"';
        for (;;) {
                plain = copy_plain(to->data + to->length, text, length);
                to->length += plain;
                if (plain == length)
                        break;
                add_escaped(to, (unsigned char)text[plain]);
                text += plain + 1;
                length -= plain + 1;
                buffer_reserve(to, length + 1);
        }
        to->data[to->length++] = '"';
        to->data[to->length] = '\0';
}

void json_name_n(struct jsonout *out, const char *name, size_t length)
{
        begin_value(out);
        add_quoted(out->to, name, length);
        buffer_add_char(out->to, ':');
        out->comma = false;
}

void json_text_n(struct jsonout *out, const char *text, size_t length)
{
        begin_value(out);
        add_quoted(out->to, text, length);
}

void json_text(struct jsonout *out, const char *text)
{
        if (text)
                json_text_n(out, text, strlen(text));
        else
                json_null_value(out);
}

void json_int(struct jsonout *out, int64_t value)
{
        begin_value(out);
        buffer_add_int(out->to, value);
}

void json_raw_n(struct jsonout *out, const char *json, size_t length)
{
        begin_value(out);
        buffer_add(out->to, json, length);
}

void json_instant(struct jsonout *out, struct instant at, const struct zone *zone)
{
        char text[40];

        if (instant_is_none(at)) {
                json_null_value(out);
                return;
        }
        zone_format(zone, at, text);
        json_text(out, text);
}

void json_date(struct jsonout *out, struct date date)
{
        char text[11];

        if (date_is_none(date)) {
                json_null_value(out);
                return;
        }
        date_format(date, text);
        json_text(out, text);
}

void json_uuid(struct jsonout *out, const struct uuid *uuid)
{
        char text[37];

        uuid_format(uuid, text);
        json_text(out, text);
}
