/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing JSON without building a tree: commas and escapes are kept by the writer, nesting by the caller. Never
 * writes a line end. Texts are UTF-8 already checked; everything beyond ASCII goes out as it is.
 */
#pragma once

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
void json_name(struct jsonout *out, const char *name);
void json_text(struct jsonout *out, const char *text); /* NULL writes null */
void json_text_n(struct jsonout *out, const char *text, size_t length);
void json_int(struct jsonout *out, int64_t value);
void json_bool(struct jsonout *out, bool value);
void json_null_value(struct jsonout *out);
void json_instant(struct jsonout *out, struct instant at, const struct zone *zone); /* none writes null */
void json_date(struct jsonout *out, struct date date);
void json_uuid(struct jsonout *out, const struct uuid *uuid);
void json_raw_n(struct jsonout *out, const char *json, size_t length);
void json_raw(struct jsonout *out, const char *json); /* JSON text that already is one; NULL writes null */

/* name and value at once */
void json_member_text(struct jsonout *out, const char *name, const char *text);
void json_member_int(struct jsonout *out, const char *name, int64_t value);
void json_member_bool(struct jsonout *out, const char *name, bool value);
void json_member_null(struct jsonout *out, const char *name);
void json_member_instant(struct jsonout *out, const char *name, struct instant at, const struct zone *zone);
void json_member_raw(struct jsonout *out, const char *name, const char *json);
