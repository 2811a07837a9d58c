/* SPDX-License-Identifier: Apache-2.0 */
#include "base/row.h"

#include <string.h>

#include "base/pool.h"
#include "base/row_private.h"
#include "base/texts.h"

/* ---- building ---- */

void field_clear(void *template, const struct field *field)
{
        void *at = field_at(template, field);

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

void row_clear(void *template, const struct record *record)
{
        struct row *head = template;

        memset(template, 0, record->size);
        head->record = record;
        for (size_t i = 0; i < record->count; i++)
                field_clear(template, &record->fields[i]);
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
                        size += field_text(row, field) ? strlen(field_text(row, field)) + 1 : 0;
                else if (field->type == FIELD_BYTES)
                        size += ((const struct bytes *)field_at(row, field))->length;
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

/* NULL texts: everything is kept behind the struct. */
static void *seal(const void *template, struct texts *texts)
{
        const struct row *head = template;
        const struct record *record = head->record;
        size_t size = record->size + tail_size(template, texts != NULL);
        struct row *row = texts && record->steady ? pool_take(size) : xmalloc(size);
        char *tail = (char *)row + record->size;

        memcpy(row, template, record->size);
        row->references = 1;
        row->packed = texts != NULL;
        row->id = move_text(head->id, &tail);
        for (size_t i = 0; i < record->count; i++) {
                const struct field *field = &record->fields[i];
                const char **text = field_at(row, field);
                struct bytes *bytes = field_at(row, field);

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

                if (field->flags & FIELD_SHARED && field_text(row, field))
                        text_drop(field_text(row, field));
        }
}

void row_unref(const void *row)
{
        struct row *head = (struct row *)(uintptr_t)row;

        if (!head || __atomic_sub_fetch(&head->references, 1, __ATOMIC_ACQ_REL))
                return;
        if (head->packed)
                drop_shared(head);
        if (head->packed && head->record->steady)
                pool_give(head);
        else
                free(head);
}

void row_unrefp(void *rowp)
{
        row_unref(*(void **)rowp);
}

/* ---- looking ---- */

const char *row_text(const void *row, const char *name)
{
        const struct record *record = ((const struct row *)row)->record;

        for (size_t i = 0; i < record->count; i++)
                if (record->fields[i].type == FIELD_TEXT && strcmp(record->fields[i].name, name) == 0)
                        return field_text(row, &record->fields[i]);
        return NULL;
}

static bool texts_same(const char *a, const char *b)
{
        return a == b || (a && b && strcmp(a, b) == 0);
}

static bool fields_same(const void *a, const void *b, const struct field *field)
{
        const void *one = field_at(a, field), *other = field_at(b, field);
        const struct bytes *bytes = one, *others = other;

        switch (field->type) {
        case FIELD_TEXT:
        case FIELD_JSON:
                return texts_same(field_text(a, field), field_text(b, field));
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

/* ---- texts that outlive what they were made from ---- */

void row_scratch_deinit(struct row_scratch *scratch)
{
        for (size_t i = 0; i < scratch->count; i++)
                free(scratch->texts[i]);
        free(scratch->texts);
        *scratch = (struct row_scratch){ NULL, 0 };
}

const char *row_scratch_keep(struct row_scratch *scratch, char *text)
{
        scratch->texts = xrealloc(scratch->texts, (scratch->count + 1) * sizeof(*scratch->texts));
        scratch->texts[scratch->count++] = text;
        return text;
}

char *json_canonical(const json_t *value)
{
        return json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
}
