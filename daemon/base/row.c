/* SPDX-License-Identifier: Apache-2.0 */
#include "base/row.h"

#include <sodium.h>
#include <string.h>

#include "base/error.h"
#include "base/texts.h"

static void *member(const void *row, const struct field *field)
{
        return (char *)(uintptr_t)row + field->offset;
}

static const char *text_of(const void *row, const struct field *field)
{
        return *(const char **)member(row, field);
}

/* ---- building ---- */

void row_clear(void *template, const struct record *record)
{
        struct row *head = template;

        memset(template, 0, record->size);
        head->record = record;
        for (size_t i = 0; i < record->count; i++) {
                void *at = member(template, &record->fields[i]);

                switch (record->fields[i].type) {
                case FIELD_INT:
                        *(int64_t *)at = FIELD_INT_NONE;
                        break;
                case FIELD_INSTANT:
                        *(struct instant *)at = INSTANT_NONE;
                        break;
                case FIELD_DATE:
                        *(struct date *)at = DATE_NONE;
                        break;
                case FIELD_TEXT:
                case FIELD_JSON:
                case FIELD_BOOL:
                case FIELD_UUID:
                case FIELD_DIGEST:
                case FIELD_BYTES:
                        break;
                }
        }
}

/* What the texts and bytes of a row take behind its struct, shared ones aside where they are kept elsewhere. */
static size_t tail_size(const void *row, bool packed)
{
        const struct row *head = row;
        size_t size = strlen(head->id) + 1;

        for (size_t i = 0; i < head->record->count; i++) {
                const struct field *field = &head->record->fields[i];

                if (packed && field->flags & (FIELD_SHARED | FIELD_DERIVED))
                        continue;
                if (field->type == FIELD_TEXT || field->type == FIELD_JSON)
                        size += text_of(row, field) ? strlen(text_of(row, field)) + 1 : 0;
                else if (field->type == FIELD_BYTES)
                        size += ((const struct bytes *)member(row, field))->length;
        }
        return size;
}

static const char *move_text(const char *text, char **tail)
{
        size_t size = strlen(text) + 1;
        char *at = memcpy(*tail, text, size);

        *tail += size;
        return at;
}

static void field_clear(void *template, const struct field *field);

/* NULL texts: everything is kept behind the struct. */
static void *seal(const void *template, struct texts *texts)
{
        const struct row *head = template;
        const struct record *record = head->record;
        struct row *row = xmalloc(record->size + tail_size(template, texts != NULL));
        char *tail = (char *)row + record->size;

        memcpy(row, template, record->size);
        row->references = 1;
        row->packed = texts != NULL;
        row->id = move_text(head->id, &tail);
        for (size_t i = 0; i < record->count; i++) {
                const struct field *field = &record->fields[i];
                const char **text = member(row, field);
                struct bytes *bytes = member(row, field);

                if (texts && field->flags & FIELD_DERIVED) {
                        field_clear(row, field);
                } else if (field->type == FIELD_TEXT || field->type == FIELD_JSON) {
                        if (*text && texts && field->flags & FIELD_SHARED)
                                *text = texts_take(texts, *text);
                        else if (*text)
                                *text = move_text(*text, &tail);
                } else if (field->type == FIELD_BYTES && bytes->length) {
                        bytes->data = memcpy(tail, bytes->data, bytes->length);
                        tail += bytes->length;
                }
        }
        return row;
}

void *row_seal(const void *template)
{
        return seal(template, NULL);
}

void *row_pack(const void *row, struct texts *texts)
{
        return seal(row, texts);
}

void *row_tombstone(const struct row *of, int64_t version)
{
        struct row *template = xmalloc(of->record->size), *row;

        row_clear(template, of->record);
        template->family = of->family;
        template->event = of->event;
        template->id = of->id;
        template->version = version;
        template->deleted = true;
        row = row_seal(template);
        free(template);
        return row;
}

void *row_ref(const void *row)
{
        struct row *head = (struct row *)(uintptr_t)row;

        if (head)
                __atomic_fetch_add(&head->references, 1, __ATOMIC_RELAXED);
        return head;
}

static void drop_shared(struct row *row)
{
        for (size_t i = 0; i < row->record->count; i++) {
                const struct field *field = &row->record->fields[i];

                if (field->flags & FIELD_SHARED && text_of(row, field))
                        text_drop(text_of(row, field));
        }
}

void row_unref(const void *row)
{
        struct row *head = (struct row *)(uintptr_t)row;

        if (!head || __atomic_sub_fetch(&head->references, 1, __ATOMIC_ACQ_REL))
                return;
        if (head->packed)
                drop_shared(head);
        free(head);
}

void row_unrefp(void *rowp)
{
        row_unref(*(void **)rowp);
}

static bool texts_same(const char *a, const char *b)
{
        return a == b || (a && b && strcmp(a, b) == 0);
}

static bool fields_same(const void *a, const void *b, const struct field *field)
{
        const void *one = member(a, field), *other = member(b, field);
        const struct bytes *bytes = one, *others = other;

        switch (field->type) {
        case FIELD_TEXT:
        case FIELD_JSON:
                return texts_same(text_of(a, field), text_of(b, field));
        case FIELD_INT:
                return *(const int64_t *)one == *(const int64_t *)other;
        case FIELD_BOOL:
                return *(const bool *)one == *(const bool *)other;
        case FIELD_INSTANT:
                return ((const struct instant *)one)->us == ((const struct instant *)other)->us;
        case FIELD_DATE:
                return ((const struct date *)one)->days == ((const struct date *)other)->days;
        case FIELD_UUID:
        case FIELD_DIGEST:
                return uuid_equal(one, other);
        case FIELD_BYTES:
                return bytes->length == others->length &&
                       (!bytes->length || memcmp(bytes->data, others->data, bytes->length) == 0);
        }
        return false;
}

bool row_same(const void *a, const void *b)
{
        const struct row *one = a, *other = b;

        if (one->record != other->record || one->deleted != other->deleted ||
                strcmp(one->id, other->id) != 0 || !uuid_equal(&one->event, &other->event))
                return false;
        for (size_t i = 0; i < one->record->count; i++)
                if (!(one->record->fields[i].flags & FIELD_DERIVED) &&
                        !fields_same(a, b, &one->record->fields[i]))
                        return false;
        return true;
}

/* ---- from parameters ---- */

void row_scratch_deinit(struct row_scratch *scratch)
{
        for (size_t i = 0; i < scratch->count; i++)
                free(scratch->texts[i]);
        free(scratch->texts);
        *scratch = (struct row_scratch){ NULL, 0 };
}

static const char *keep(struct row_scratch *scratch, char *text)
{
        scratch->texts = xrealloc(scratch->texts, (scratch->count + 1) * sizeof(*scratch->texts));
        scratch->texts[scratch->count++] = text;
        return text;
}

/* One form for what says the same, whether a client or the database wrote it: compact, names sorted. */
static char *canonical(const json_t *value)
{
        return json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
}

static void field_from_param(void *at, enum field_type type, const json_t *value, struct row_scratch *scratch)
{
        const char *text = json_string_value(value);

        switch (type) {
        case FIELD_TEXT:
                *(const char **)at = text;
                break;
        case FIELD_JSON:
                *(const char **)at = keep(scratch, canonical(value));
                break;
        case FIELD_INT:
                *(int64_t *)at = json_integer_value(value);
                break;
        case FIELD_BOOL:
                *(bool *)at = json_is_true(value);
                break;
        case FIELD_INSTANT:
                if (!instant_parse(text, at))
                        *(struct instant *)at = INSTANT_NONE;
                break;
        case FIELD_DATE:
                if (!text || !date_parse(text, at))
                        *(struct date *)at = DATE_NONE;
                break;
        case FIELD_UUID:
                if (!text || !uuid_parse(text, at))
                        *(struct uuid *)at = UUID_NIL;
                break;
        case FIELD_DIGEST:
        case FIELD_BYTES:
                break;
        }
}

static void field_clear(void *template, const struct field *field)
{
        void *at = member(template, field);

        switch (field->type) {
        case FIELD_TEXT:
        case FIELD_JSON:
                *(const char **)at = NULL;
                break;
        case FIELD_INT:
                *(int64_t *)at = FIELD_INT_NONE;
                break;
        case FIELD_BOOL:
                *(bool *)at = false;
                break;
        case FIELD_INSTANT:
                *(struct instant *)at = INSTANT_NONE;
                break;
        case FIELD_DATE:
                *(struct date *)at = DATE_NONE;
                break;
        case FIELD_UUID:
        case FIELD_DIGEST:
                *(struct uuid *)at = UUID_NIL;
                break;
        case FIELD_BYTES:
                *(struct bytes *)at = (struct bytes){ NULL, 0 };
                break;
        }
}

void row_from_params(void *template, const json_t *params, bool only_given, struct row_scratch *scratch)
{
        const struct record *record = ((const struct row *)template)->record;

        for (size_t i = 0; i < record->count; i++) {
                const struct field *field = &record->fields[i];
                const json_t *value;

                if (!(field->flags & FIELD_ON_WIRE) || field->flags & FIELD_READ_ONLY)
                        continue;
                value = json_object_get(params, field->name);
                if (value && !json_is_null(value))
                        field_from_param(member(template, field), field->type, value, scratch);
                else if (value || !only_given)
                        field_clear(template, field);
        }
}

uint64_t row_given(const struct record *record, const json_t *params)
{
        uint64_t given = 0;

        for (size_t i = 0; i < record->count; i++) {
                const struct field *field = &record->fields[i];
                const json_t *value;

                if (!(field->flags & FIELD_ON_WIRE) || field->flags & FIELD_READ_ONLY)
                        continue;
                value = json_object_get(params, field->name);
                if (value && !json_is_null(value))
                        given |= UINT64_C(1) << i;
        }
        return given;
}

static size_t field_size(enum field_type type)
{
        switch (type) {
        case FIELD_TEXT:
        case FIELD_JSON:
                return sizeof(const char *);
        case FIELD_INT:
                return sizeof(int64_t);
        case FIELD_BOOL:
                return sizeof(bool);
        case FIELD_INSTANT:
                return sizeof(struct instant);
        case FIELD_DATE:
                return sizeof(struct date);
        case FIELD_UUID:
        case FIELD_DIGEST:
                return sizeof(struct uuid);
        case FIELD_BYTES:
                return sizeof(struct bytes);
        }
        return 0;
}

void row_take(void *template, const void *from, uint64_t given)
{
        const struct record *record = ((const struct row *)template)->record;

        for (size_t i = 0; i < record->count; i++) {
                const struct field *field = &record->fields[i];

                if (given >> i & 1)
                        memcpy(member(template, field), member(from, field), field_size(field->type));
        }
}

/* ---- as JSON ---- */

static void write_bytes(const struct bytes *bytes, struct jsonout *out)
{
        char *hex = xmalloc(bytes->length * 2 + 3);

        memcpy(hex, "\\x", 2);
        sodium_bin2hex(hex + 2, bytes->length * 2 + 1, bytes->data ? bytes->data : (const uint8_t *)"",
                bytes->length);
        json_text(out, bytes->data ? hex : NULL);
        free(hex);
}

static void write_value(
        const void *row, const struct field *field, struct jsonout *out, const struct zone *zone)
{
        const void *at = member(row, field);

        switch (field->type) {
        case FIELD_TEXT:
                json_text(out, text_of(row, field));
                break;
        case FIELD_JSON:
                json_raw(out, text_of(row, field));
                break;
        case FIELD_INT:
                if (*(const int64_t *)at == FIELD_INT_NONE)
                        json_null_value(out);
                else
                        json_int(out, *(const int64_t *)at);
                break;
        case FIELD_BOOL:
                json_bool(out, *(const bool *)at);
                break;
        case FIELD_INSTANT:
                json_instant(out, *(const struct instant *)at, zone);
                break;
        case FIELD_DATE:
                json_date(out, *(const struct date *)at);
                break;
        case FIELD_UUID:
                if (uuid_is_nil(at))
                        json_null_value(out);
                else
                        json_uuid(out, at);
                break;
        case FIELD_DIGEST:
                write_bytes(&(struct bytes){ uuid_is_nil(at) ? NULL : at, sizeof(struct uuid) }, out);
                break;
        case FIELD_BYTES:
                write_bytes(at, out);
                break;
        }
}

static bool is_absent(const void *row, const struct field *field)
{
        const void *at = member(row, field);

        switch (field->type) {
        case FIELD_TEXT:
        case FIELD_JSON:
                return !text_of(row, field);
        case FIELD_INT:
                return *(const int64_t *)at == FIELD_INT_NONE;
        case FIELD_INSTANT:
                return instant_is_none(*(const struct instant *)at);
        case FIELD_DATE:
                return date_is_none(*(const struct date *)at);
        case FIELD_UUID:
        case FIELD_DIGEST:
                return uuid_is_nil(at);
        case FIELD_BYTES:
                return !((const struct bytes *)at)->data;
        case FIELD_BOOL:
                return false;
        }
        return false;
}

void row_write_stored(const void *row, struct jsonout *out)
{
        const struct row *head = row;

        json_begin_object(out);
        json_name(out, "event_id");
        json_uuid(out, &head->event);
        json_member_text(out, "id", head->id);
        json_member_int(out, "version", head->version);
        for (size_t i = 0; !head->deleted && i < head->record->count; i++) {
                if (is_absent(row, &head->record->fields[i]))
                        continue;
                json_name(out, head->record->fields[i].name);
                write_value(row, &head->record->fields[i], out, NULL);
        }
        json_end_object(out);
}

const char *row_text(const void *row, const char *name)
{
        const struct record *record = ((const struct row *)row)->record;

        for (size_t i = 0; i < record->count; i++)
                if (record->fields[i].type == FIELD_TEXT && strcmp(record->fields[i].name, name) == 0)
                        return text_of(row, &record->fields[i]);
        return NULL;
}

void row_write_members(const void *row, struct jsonout *out, const struct zone *zone)
{
        const struct row *head = row;

        for (size_t i = 0; i < head->record->count; i++) {
                const struct field *field = &head->record->fields[i];

                if (!(field->flags & FIELD_ON_WIRE))
                        continue;
                json_name(out, field->name);
                write_value(row, field, out, zone);
        }
        json_member_int(out, "version", head->version);
}

/* ---- from a query's result ---- */

#define POSTGRES_EPOCH_DAYS 10957 /* 2000-01-01 */

static uint64_t big_endian(const char *data, int length)
{
        uint64_t value = 0;

        for (int i = 0; i < length; i++)
                value = value << 8 | (uint8_t)data[i];
        return value;
}

static int64_t read_int(const char *data, int length)
{
        uint64_t value = big_endian(data, length);

        if (length == 4)
                return (int32_t)value;
        if (length == 2)
                return (int16_t)value;
        return (int64_t)value;
}

/* jsonb in binary: a version byte, then its text, which PostgreSQL spaces and orders in its own way. */
static const char *read_json(const char *data, int length, struct row_scratch *scratch)
{
        json_t *value = length > 1 ? json_loadb(data + 1, (size_t)length - 1, JSON_DECODE_ANY, NULL) : NULL;
        char *text = value ? canonical(value) : NULL;

        json_decref(value);
        return text ? keep(scratch, text) : NULL;
}

static void field_from_column(
        void *at, enum field_type type, const char *data, int length, struct row_scratch *scratch)
{
        int64_t value;

        switch (type) {
        case FIELD_TEXT:
                *(const char **)at = data; /* libpq ends every value with a NUL */
                break;
        case FIELD_JSON:
                *(const char **)at = read_json(data, length, scratch);
                break;
        case FIELD_INT:
                *(int64_t *)at = read_int(data, length);
                break;
        case FIELD_BOOL:
                *(bool *)at = data[0] != 0;
                break;
        case FIELD_INSTANT:
                value = read_int(data, length);
                ((struct instant *)at)->us = value + POSTGRES_EPOCH_DAYS * 86400 * INSTANT_SECOND;
                break;
        case FIELD_DATE:
                ((struct date *)at)->days = (int32_t)read_int(data, length) + POSTGRES_EPOCH_DAYS;
                break;
        case FIELD_UUID:
        case FIELD_DIGEST:
                if (length == 16)
                        memcpy(at, data, 16);
                break;
        case FIELD_BYTES:
                *(struct bytes *)at = (struct bytes){ (const uint8_t *)data, (size_t)length };
                break;
        }
}

static bool read_head(struct row *head, const struct row_source *source, int line)
{
        const char *data;
        int length;

        if (source->family_column >= 0 &&
                source->get(source->result, line, source->family_column, &data, &length) && length == 16)
                memcpy(head->family.bytes, data, 16);
        if (source->event_column >= 0 &&
                source->get(source->result, line, source->event_column, &data, &length) && length == 16)
                memcpy(head->event.bytes, data, 16);
        if (!source->get(source->result, line, source->version_column, &data, &length))
                return false;
        head->version = read_int(data, length);
        return source->get(source->result, line, source->id_column, &head->id, &length);
}

int row_from_source(const struct record *record, const struct row_source *source, int line, void **rowp)
{
        struct row_scratch scratch = { NULL, 0 };
        struct row *template = xmalloc(record->size);
        const char *data;
        int length, r = 0;

        row_clear(template, record);
        if (!read_head(template, source, line))
                r = -EBADMSG;
        for (size_t i = 0; !r && i < record->count; i++) {
                if (source->columns[i] < 0)
                        r = -EBADMSG;
                else if (source->get(source->result, line, source->columns[i], &data, &length))
                        field_from_column(member(template, &record->fields[i]), record->fields[i].type, data,
                                length, &scratch);
        }
        if (!r)
                *rowp = row_seal(template);
        row_scratch_deinit(&scratch);
        free(template);
        return error_fold(r);
}
