/* SPDX-License-Identifier: Apache-2.0 */
#include "door/roll.h"

#include <string.h>

#include "base/buffer.h"
#include "door/fold.h"

static uint64_t organisation_hash(const void *entry)
{
        return hash_text(((const struct roll_organisation *)entry)->text, 0);
}

static bool organisation_equal(const void *entry, const void *key)
{
        return strcmp(((const struct roll_organisation *)entry)->text, key) == 0;
}

void roll_init(struct roll *roll)
{
        memset(roll, 0, sizeof(*roll));
        table_init(&roll->organisations, organisation_hash, organisation_equal);
        roll->numbers = 1; /* 0 is none */
}

void roll_deinit(struct roll *roll)
{
        for (size_t i = 0; i < roll->block_count; i++) {
                free(roll->blocks[i]->text);
                free(roll->blocks[i]);
        }
        free(roll->blocks);
        for (size_t i = 1; i < roll->numbers; i++)
                free(roll->by_number[i]);
        free(roll->by_number);
        table_deinit(&roll->organisations);
        memset(roll, 0, sizeof(*roll));
}

/* ---- organisations ---- */

static uint32_t organisation_new(struct roll *roll, const char *text)
{
        size_t size = strlen(text) + 1;
        struct roll_organisation *fresh = xcalloc(1, sizeof(*fresh) + size);

        if (roll->numbers >= roll->number_capacity) {
                roll->number_capacity = roll->number_capacity ? roll->number_capacity * 2 : 64;
                roll->by_number = xrealloc(roll->by_number, roll->number_capacity * sizeof(*roll->by_number));
        }
        memcpy(fresh->text, text, size);
        fresh->takers = 1;
        fresh->number = (uint32_t)roll->numbers++;
        roll->by_number[fresh->number] = fresh;
        table_add(&roll->organisations, fresh);
        return fresh->number;
}

static uint32_t organisation_take(struct roll *roll, const char *text)
{
        struct roll_organisation *known;

        if (!*text)
                return 0;
        known = table_find(&roll->organisations, hash_text(text, 0), text);
        if (!known)
                return organisation_new(roll, text);
        known->takers++;
        return known->number;
}

static void organisation_drop(struct roll *roll, uint32_t number)
{
        struct roll_organisation *known = number ? roll->by_number[number] : NULL;

        if (!known || --known->takers)
                return;
        table_remove(&roll->organisations, known);
        roll->by_number[number] = NULL;
        free(known);
}

size_t roll_numbers(const struct roll *roll)
{
        return roll->numbers;
}

/* ---- blocks ---- */

static struct roll_block *block_insert(struct roll *roll, size_t at)
{
        struct roll_block *block = xcalloc(1, sizeof(*block));

        if (roll->block_count == roll->block_capacity) {
                roll->block_capacity = roll->block_capacity ? roll->block_capacity * 2 : 16;
                roll->blocks = xrealloc(roll->blocks, roll->block_capacity * sizeof(*roll->blocks));
        }
        memmove(&roll->blocks[at + 1], &roll->blocks[at], (roll->block_count - at) * sizeof(*roll->blocks));
        roll->blocks[at] = block;
        roll->block_count++;
        return block;
}

/* Room for so many bytes, and the zeros behind them. */
static void block_reserve(struct roll_block *block, size_t capacity)
{
        if (capacity <= block->capacity)
                return;
        block->capacity = capacity + capacity / 8 + 128;
        block->text = xrealloc(block->text, block->capacity + ROLL_PAD);
}

static void block_end(struct roll_block *block, size_t length)
{
        block->length = length;
        memset(block->text + length, 0, ROLL_PAD);
}

/* Nothing is added at its end any more. */
static void block_fit(struct roll_block *block)
{
        block->capacity = block->length;
        block->text = xrealloc(block->text, block->capacity + ROLL_PAD);
}

/* The text of the n-th becomes this one; it is there already. */
static void block_set_text(struct roll_block *block, size_t n, const char *text, size_t length)
{
        size_t from = roll_begin(block, n), to = block->ends[n], size = length + 1;

        block_reserve(block, block->length - (to - from) + size);
        memmove(block->text + from + size, block->text + to, block->length - to);
        if (length)
                memcpy(block->text + from, text, length);
        block->text[from + length] = ROLL_END;
        block_end(block, block->length - (to - from) + size);
        for (size_t i = n; i < block->count; i++)
                block->ends[i] = (uint32_t)(block->ends[i] - (to - from) + size);
}

static void block_add(struct roll_block *block, size_t n, const struct registration_row *row,
        uint32_t organisation, const char *text, size_t length)
{
        size_t from;

        if (!block->length) {
                block_reserve(block, 1);
                block->text[0] = ROLL_END;
                block_end(block, 1);
        }
        from = roll_begin(block, n);
        memmove(&block->rows[n + 1], &block->rows[n], (block->count - n) * sizeof(block->rows[0]));
        memmove(&block->organisations[n + 1], &block->organisations[n],
                (block->count - n) * sizeof(block->organisations[0]));
        memmove(&block->ends[n + 1], &block->ends[n], (block->count - n) * sizeof(block->ends[0]));
        block->count++;
        block->rows[n] = row;
        block->organisations[n] = organisation;
        block->ends[n] = (uint32_t)from; /* empty, until */
        block_set_text(block, n, text, length);
}

/* The latter half of a full block moves into one of its own. */
static void block_split(struct roll *roll, size_t at)
{
        struct roll_block *whole = roll->blocks[at], *half = block_insert(roll, at + 1);
        size_t kept = whole->count / 2, from = roll_begin(whole, kept);

        half->count = whole->count - kept;
        memcpy(half->rows, &whole->rows[kept], half->count * sizeof(half->rows[0]));
        memcpy(half->organisations, &whole->organisations[kept],
                half->count * sizeof(half->organisations[0]));
        for (size_t i = 0; i < half->count; i++)
                half->ends[i] = (uint32_t)(whole->ends[kept + i] - from + 1);
        block_reserve(half, whole->length - from + 1);
        half->text[0] = ROLL_END;
        memcpy(half->text + 1, whole->text + from, whole->length - from);
        block_end(half, whole->length - from + 1);
        whole->count = kept;
        block_end(whole, from);
        block_fit(whole);
}

/* ---- places ---- */

int roll_compare(const struct registration_row *row, struct instant created_at, const char *id)
{
        if (row->created_at.us != created_at.us)
                return row->created_at.us < created_at.us ? -1 : 1;
        return strcmp(row->row.id, id);
}

/* The last block whose first row is not behind that place; 0 where there is none such. */
static size_t find_block(const struct roll *roll, struct instant created_at, const char *id)
{
        size_t low = 0, high = roll->block_count;

        while (high - low > 1) {
                size_t middle = low + (high - low) / 2;

                if (roll_compare(roll->blocks[middle]->rows[0], created_at, id) <= 0)
                        low = middle;
                else
                        high = middle;
        }
        return low;
}

static size_t find_row(const struct roll_block *block, struct instant created_at, const char *id)
{
        size_t low = 0, high = block->count;

        /* Most arrive in order: look at the end first. */
        if (high && roll_compare(block->rows[high - 1], created_at, id) < 0)
                return high;
        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (roll_compare(block->rows[middle], created_at, id) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

bool roll_find(const struct roll *roll, struct instant created_at, const char *id, struct roll_place *place)
{
        if (!roll->block_count)
                return false;
        place->block = find_block(roll, created_at, id);
        place->row = find_row(roll->blocks[place->block], created_at, id);
        if (place->row == roll->blocks[place->block]->count)
                *place = (struct roll_place){ place->block + 1, 0 };
        return place->block < roll->block_count;
}

bool roll_next(const struct roll *roll, struct roll_place *place)
{
        if (++place->row == roll->blocks[place->block]->count)
                *place = (struct roll_place){ place->block + 1, 0 };
        return place->block < roll->block_count;
}

bool roll_find_behind(
        const struct roll *roll, struct instant created_at, const char *id, struct roll_place *place)
{
        if (instant_is_none(created_at)) {
                *place = (struct roll_place){ 0, 0 };
                return roll->count;
        }
        if (!roll_find(roll, created_at, id, place))
                return false;
        return roll_compare(roll_row(roll, place), created_at, id) != 0 || roll_next(roll, place);
}

const struct registration_row *roll_row(const struct roll *roll, const struct roll_place *place)
{
        return roll->blocks[place->block]->rows[place->row];
}

static bool find_exactly(
        const struct roll *roll, const struct registration_row *row, struct roll_place *place)
{
        return roll_find(roll, row->created_at, row->row.id, place) && roll_row(roll, place) == row;
}

bool roll_has_text(const struct roll *roll, const struct roll_place *place)
{
        const struct roll_block *block = roll->blocks[place->block];

        return block->ends[place->row] - roll_begin(block, place->row) > 1;
}

char *roll_text(const struct roll *roll, const struct registration_row *row)
{
        const struct roll_block *block;
        struct buffer whole = BUFFER_NULL;
        struct fold_parts parts;
        struct roll_place place;
        size_t from, length;
        uint32_t number;

        if (!find_exactly(roll, row, &place) || !roll_has_text(roll, &place))
                return NULL;
        block = roll->blocks[place.block];
        from = roll_begin(block, place.row);
        length = block->ends[place.row] - from - 1;
        parts = fold_parts(block->text + from, length);
        number = block->organisations[place.row];
        buffer_add(&whole, block->text + from, parts.before);
        if (number)
                buffer_add_text(&whole, roll->by_number[number]->text);
        buffer_add_char(&whole, FOLD_GROUP);
        buffer_add(&whole, block->text + from + parts.before, length - parts.before);
        return buffer_steal(&whole);
}

/* ---- changes ---- */

static void add_row(struct roll *roll, const struct registration_row *row, uint32_t organisation,
        const char *text, size_t length)
{
        size_t at, n;

        if (!roll->block_count)
                block_insert(roll, 0);
        at = find_block(roll, row->created_at, row->row.id);
        n = find_row(roll->blocks[at], row->created_at, row->row.id);
        if (roll->blocks[at]->count == ROLL_BLOCK_ROWS) {
                if (at + 1 == roll->block_count && n == ROLL_BLOCK_ROWS) {
                        block_fit(roll->blocks[at]);
                        block_insert(roll, at + 1);
                } else {
                        block_split(roll, at);
                }
                if (n >= roll->blocks[at]->count)
                        n -= roll->blocks[at++]->count;
        }
        block_add(roll->blocks[at], n, row, organisation, text, length);
        roll->count++;
}

static void set_row(struct roll *roll, const struct roll_place *place, const struct registration_row *row,
        uint32_t organisation, const char *text, size_t length)
{
        struct roll_block *block = roll->blocks[place->block];

        organisation_drop(roll, block->organisations[place->row]);
        block->rows[place->row] = row;
        block->organisations[place->row] = organisation;
        block_set_text(block, place->row, text, length);
}

void roll_put(struct roll *roll, const struct registration_row *before, const struct registration_row *row,
        const char *text)
{
        const char *folded = text ? text : "";
        size_t length = strlen(folded);
        struct fold_parts parts = fold_parts(folded, length);
        char *organisation = xstrndup(parts.organisation, parts.organisation_length);
        uint32_t number = organisation_take(roll, organisation);
        struct buffer own = BUFFER_NULL;
        struct roll_place place;

        buffer_add(&own, folded, parts.before);
        buffer_add(&own, folded + parts.behind, length - parts.behind);
        if (before && find_exactly(roll, before, &place))
                set_row(roll, &place, row, number, own.data, own.length);
        else
                add_row(roll, row, number, own.data, own.length);
        buffer_deinit(&own);
        free(organisation);
}

void roll_replace(
        struct roll *roll, const struct registration_row *before, const struct registration_row *row)
{
        struct roll_place place;

        if (find_exactly(roll, before, &place))
                roll->blocks[place.block]->rows[place.row] = row;
        else
                add_row(roll, row, 0, "", 0);
}
