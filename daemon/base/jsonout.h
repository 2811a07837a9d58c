/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing JSON without building a tree: commas and escapes are kept by the writer, nesting by the caller. Never
 * writes a line end. Texts are UTF-8 already checked; everything beyond ASCII goes out as it is.
 */
#pragma once

#include <string.h>

#include "base/buffer.h"
#include "base/instant.h"
#include "base/uuid.h"

struct zone;

struct jsonout {
        struct buffer *to;
        bool comma; /* the next value or name follows another */
};

#define JSONOUT(buffer) ((struct jsonout){ (buffer), false })

void json_begin_object(struct jsonout *out);
void json_end_object(struct jsonout *out);
void json_begin_array(struct jsonout *out);
void json_end_array(struct jsonout *out);
void json_name_n(struct jsonout *out, const char *name, size_t length);

/* A name that nothing has to be escaped in. */
static inline void json_plain_name(struct jsonout *out, const char *name, size_t length)
{
        char *at;

        buffer_reserve(out->to, length + 4);
        at = out->to->data + out->to->length;
        *at = ',';
        at += out->comma;
        *at++ = '"';
        at = (char *)mempcpy(at, name, length);
        *at++ = '"';
        *at++ = ':';
        *at = '\0';
        out->to->length = (size_t)(at - out->to->data);
        out->comma = false;
}

/*
 * Here, so that the length of a name that is written out in the code is known when it is compiled: such a one goes in
 * whole, for whoever writes it out leaves out what would have to be escaped.
 */
static inline void json_name(struct jsonout *out, const char *name)
{
        size_t length = strlen(name);

        if (__builtin_constant_p(length))
                json_plain_name(out, name, length);
        else
                json_name_n(out, name, length);
}

void json_text(struct jsonout *out, const char *text); /* NULL writes null */
void json_text_n(struct jsonout *out, const char *text, size_t length);
void json_int(struct jsonout *out, int64_t value);
void json_instant(struct jsonout *out, struct instant at, const struct zone *zone); /* none writes null */
void json_date(struct jsonout *out, struct date date);
void json_uuid(struct jsonout *out, const struct uuid *uuid);
void json_raw_n(struct jsonout *out, const char *json, size_t length); /* JSON text that already is one */

static inline void json_null_value(struct jsonout *out)
{
        json_raw_n(out, "null", 4);
}

static inline void json_bool(struct jsonout *out, bool value)
{
        json_raw_n(out, value ? "true" : "false", value ? 4 : 5);
}

static inline void json_raw(struct jsonout *out, const char *json) /* NULL writes null */
{
        json_raw_n(out, json ? json : "null", json ? strlen(json) : 4);
}

/* name and value at once */
static inline void json_member_text(struct jsonout *out, const char *name, const char *text)
{
        json_name(out, name);
        json_text(out, text);
}

static inline void json_member_int(struct jsonout *out, const char *name, int64_t value)
{
        json_name(out, name);
        json_int(out, value);
}

static inline void json_member_bool(struct jsonout *out, const char *name, bool value)
{
        json_name(out, name);
        json_bool(out, value);
}

static inline void json_member_null(struct jsonout *out, const char *name)
{
        json_name(out, name);
        json_null_value(out);
}

static inline void json_member_instant(
        struct jsonout *out, const char *name, struct instant at, const struct zone *zone)
{
        json_name(out, name);
        json_instant(out, at, zone);
}

static inline void json_member_raw(struct jsonout *out, const char *name, const char *json)
{
        json_name(out, name);
        json_raw(out, json);
}
