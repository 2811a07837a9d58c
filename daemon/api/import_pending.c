/* SPDX-License-Identifier: Apache-2.0 */
#include "api/import_pending.h"

#include "door/person_key.h"

/* ---- keys ---- */

static uint64_t id_hash(const void *entry)
{
        return hash_text(((const struct pending *)entry)->row->row.id, 0);
}

static bool id_equal(const void *entry, const void *key)
{
        return strcmp(((const struct pending *)entry)->row->row.id, key) == 0;
}

static uint64_t external_hash(const void *entry)
{
        return hash_text(((const struct pending *)entry)->row->external_id, 0);
}

static bool external_equal(const void *entry, const void *key)
{
        return strcmp(((const struct pending *)entry)->row->external_id, key) == 0;
}

static uint64_t person_hash(const void *entry)
{
        const struct registration_row *row = ((const struct pending *)entry)->row;

        return person_key_hash(&(struct person_key){ row->email, row->name });
}

static bool person_equal(const void *entry, const void *key)
{
        return person_key_fits(key, ((const struct pending *)entry)->row);
}

static uint64_t code_hash(const void *entry)
{
        return hash_text(((const struct pending *)entry)->code, 0);
}

static bool code_equal(const void *entry, const void *key)
{
        return strcmp(((const struct pending *)entry)->code, key) == 0;
}

void pendings_init(struct pendings *pendings)
{
        *pendings = (struct pendings){ .items = NULL };
        table_init(&pendings->by_id, id_hash, id_equal);
        table_init(&pendings->by_external_id, external_hash, external_equal);
        table_init(&pendings->by_person, person_hash, person_equal);
        table_init(&pendings->by_code, code_hash, code_equal);
}

void pendings_deinit(struct pendings *pendings)
{
        for (size_t i = 0; i < pendings->count; i++) {
                row_unref(pendings->items[i]->row);
                row_unref(pendings->items[i]->before);
                free(pendings->items[i]->code);
                free(pendings->items[i]);
        }
        free(pendings->items);
        table_deinit(&pendings->by_id);
        table_deinit(&pendings->by_external_id);
        table_deinit(&pendings->by_person);
        table_deinit(&pendings->by_code);
}

/* ---- changing ---- */

/* By what may change with its row. */
static void index_person(struct pendings *pendings, const struct pending *pending, bool in)
{
        if (pending->row->external_id)
                table_set(&pendings->by_external_id, pending, in);
        if (pending->row->email && pending->row->name)
                table_set(&pendings->by_person, pending, in);
}

struct pending *pendings_add(
        struct pendings *pendings, struct registration_row *row, const struct registration_row *before)
{
        struct pending *pending = xcalloc(1, sizeof(*pending));

        pending->row = row;
        pending->before = row_ref(before);
        if (pendings->count == pendings->capacity) {
                pendings->capacity = pendings->capacity ? pendings->capacity * 2 : 64;
                pendings->items = xrealloc(pendings->items, pendings->capacity * sizeof(*pendings->items));
        }
        pendings->items[pendings->count++] = pending;
        table_add(&pendings->by_id, pending);
        index_person(pendings, pending, true);
        return pending;
}

void pendings_replace(struct pendings *pendings, struct pending *pending, struct registration_row *row)
{
        index_person(pendings, pending, false);
        row_unref(pending->row);
        pending->row = row;
        index_person(pendings, pending, true);
}

void pendings_put_code(struct pendings *pendings, struct pending *pending, const char *code)
{
        if (pending->code)
                table_remove(&pendings->by_code, pending);
        free(pending->code);
        pending->code = xstrdup(code);
        table_add(&pendings->by_code, pending);
}

/* ---- looking up ---- */

struct pending *pendings_by_id(const struct pendings *pendings, const char *id)
{
        return table_find(&pendings->by_id, hash_text(id, 0), id);
}

struct pending *pendings_by_external_id(const struct pendings *pendings, const char *external_id)
{
        return table_find(&pendings->by_external_id, hash_text(external_id, 0), external_id);
}

struct pending *pendings_by_person(const struct pendings *pendings, const char *email, const char *name)
{
        struct person_key key = { email, name };

        return table_find(&pendings->by_person, person_key_hash(&key), &key);
}

struct pending *pendings_by_code(const struct pendings *pendings, const char *code)
{
        return table_find(&pendings->by_code, hash_text(code, 0), code);
}
