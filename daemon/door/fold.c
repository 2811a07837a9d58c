/* SPDX-License-Identifier: Apache-2.0 */
#include "door/fold.h"

#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf16.h>

#include "base/buffer.h"
#include "base/table.h"
#include "door/han.h"
#include "door/latin.h"

enum { ORGANISATIONS_KEPT = 1024 };

/* An organisation as it was folded: many come from one. */
struct organisation {
        char *name, *folded;
};

struct fold {
        struct latin *latin;
        struct units base, other;
        struct organisation kept[ORGANISATIONS_KEPT]; /* by hash; a newer one takes an older one's place */
};

struct fold *fold_new(void)
{
        struct fold *fold = xcalloc(1, sizeof(*fold));

        fold->latin = latin_new();
        return fold;
}

struct fold *fold_free(struct fold *fold)
{
        if (!fold)
                return NULL;
        latin_free(fold->latin);
        units_deinit(&fold->base);
        units_deinit(&fold->other);
        for (size_t i = 0; i < ORGANISATIONS_KEPT; i++) {
                free(fold->kept[i].name);
                free(fold->kept[i].folded);
        }
        free(fold);
        return NULL;
}

void fold_open(struct fold *fold)
{
        latin_open(fold->latin);
}

/* ---- writing words ---- */

struct writer {
        struct buffer *to;
        size_t group, field; /* where they began */
        char pending; /* what parts the next character from those before it; 0: nothing */
        char blank; /* what stands for a blank */
        char part; /* FOLD_PART, or 0: parts are written together */
        bool han; /* the last character was one */
};

static bool parts_words(UChar32 c)
{
        if (c < 0x80)
                return c == ' ' || (c >= '\t' && c <= '\r') || (c && strchr(",;:/\\|()[]{}<>\"", (int)c));
        if (u_isUWhiteSpace(c) || c == 0x3001 || c == 0x3002)
                return true;
        if (c == 0x2018 || c == 0x2019) /* apostrophes */
                return false;
        return U_MASK(u_charType(c)) & (U_GC_PS_MASK | U_GC_PE_MASK | U_GC_PI_MASK | U_GC_PF_MASK);
}

static bool is_of_word(UChar32 c)
{
        if (c < 0x80)
                return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        return U_MASK(u_charType(c)) & (U_GC_L_MASK | U_GC_N_MASK | U_GC_M_MASK);
}

static void write_utf8(struct buffer *to, UChar32 c)
{
        char bytes[U8_MAX_LENGTH];
        int32_t length = 0;

        if (c >= 'A' && c <= 'Z')
                c += 'a' - 'A';
        U8_APPEND_UNSAFE(bytes, length, c);
        buffer_add(to, bytes, (size_t)length);
}

static void write_character(struct writer *writer, UChar32 c)
{
        bool han = han_is((uint32_t)c), begins = writer->to->length == writer->field;

        if (!is_of_word(c)) {
                if (parts_words(c))
                        writer->pending = writer->blank;
                else if (!writer->pending)
                        writer->pending = writer->part;
                return;
        }
        if (!begins && !writer->pending && han != writer->han)
                writer->pending = writer->part;
        if (!begins && writer->pending)
                buffer_add_char(writer->to, writer->pending);
        write_utf8(writer->to, c);
        writer->pending = 0;
        writer->han = han;
}

static void write_ascii(struct writer *writer, const char *text)
{
        for (; *text; text++)
                write_character(writer, *text);
}

static void write_units(struct writer *writer, const struct units *units)
{
        for (int32_t i = 0; i < units->length;) {
                UChar32 c;

                U16_NEXT(units->data, i, units->length, c);
                write_character(writer, c);
        }
}

/* ---- fields and groups ---- */

static void group_begin(struct writer *writer)
{
        writer->group = writer->field = writer->to->length;
        writer->blank = ' ';
        writer->part = FOLD_PART;
}

static void field_begin(struct writer *writer)
{
        if (writer->to->length > writer->group)
                buffer_add_char(writer->to, FOLD_FIELD);
        writer->field = writer->to->length;
        writer->pending = 0;
        writer->han = false;
}

static bool field_is_new(const struct writer *writer)
{
        const char *field = writer->to->data + writer->field, *at = writer->to->data + writer->group;
        size_t length = writer->to->length - writer->field;

        while (at < field) {
                size_t other = strcspn(at, "\x1f");

                if (other == length && memcmp(at, field, length) == 0)
                        return false;
                at += other + 1;
        }
        return true;
}

/* What says nothing, or was said, is not kept. */
static void field_end(struct writer *writer)
{
        if (writer->to->length > writer->field && field_is_new(writer))
                return;
        writer->to->length = writer->field > writer->group ? writer->field - 1 : writer->group;
        if (writer->to->data)
                writer->to->data[writer->to->length] = '\0';
}

static bool is_ascii(const char *text)
{
        for (; *text; text++)
                if ((unsigned char)*text >= 0x80)
                        return false;
        return true;
}

static void add_ascii(struct writer *writer, const char *text)
{
        field_begin(writer);
        write_ascii(writer, text);
        field_end(writer);
}

static void add_units(struct writer *writer, const struct units *units)
{
        field_begin(writer);
        write_units(writer, units);
        field_end(writer);
}

static void add_name(struct fold *fold, struct writer *writer, const char *name)
{
        if (!name)
                return;
        if (is_ascii(name)) {
                add_ascii(writer, name);
                return;
        }
        latin_base(fold->latin, name, &fold->base);
        add_units(writer, &fold->base);
        if (latin_reading(fold->latin, &fold->base, true, FOLD_PART, &fold->other))
                add_units(writer, &fold->other);
        if (latin_reading(fold->latin, &fold->base, false, FOLD_PART, &fold->other))
                add_units(writer, &fold->other);
        if (latin_simplified(fold->latin, &fold->base, &fold->other))
                add_units(writer, &fold->other);
        if (latin_base_umlauts(fold->latin, &fold->base))
                add_units(writer, &fold->base);
}

/* An organisation is no name: its syllables are no words, or they would be found among the people. */
static void add_organisation(struct fold *fold, struct writer *writer, const char *organisation)
{
        size_t from = writer->to->length;
        struct organisation *kept;

        if (!organisation)
                return;
        if (is_ascii(organisation)) {
                add_ascii(writer, organisation);
                return;
        }
        kept = &fold->kept[hash_text(organisation, 0) % ORGANISATIONS_KEPT];
        if (kept->name && strcmp(kept->name, organisation) == 0) {
                buffer_add_text(writer->to, kept->folded);
                return;
        }
        latin_base(fold->latin, organisation, &fold->base);
        add_units(writer, &fold->base);
        writer->part = 0;
        if (latin_reading(fold->latin, &fold->base, false, 0, &fold->other))
                add_units(writer, &fold->other);
        if (latin_base_umlauts(fold->latin, &fold->base))
                add_units(writer, &fold->base);
        writer->part = FOLD_PART;
        free(kept->name);
        free(kept->folded);
        *kept = (struct organisation){ xstrdup(organisation), xstrdup(buffer_text(writer->to) + from) };
}

static void add_text(struct fold *fold, struct writer *writer, const char *text)
{
        if (!text)
                return;
        if (is_ascii(text)) {
                add_ascii(writer, text);
                return;
        }
        latin_base(fold->latin, text, &fold->base);
        add_units(writer, &fold->base);
}

char *fold_registration(struct fold *fold, const struct registration_row *row)
{
        struct buffer text = BUFFER_NULL;
        struct writer writer = { .to = &text };

        buffer_reserve(&text, 160);
        group_begin(&writer);
        add_name(fold, &writer, row->name);
        add_name(fold, &writer, row->name_latin);
        buffer_add_char(&text, FOLD_GROUP);
        group_begin(&writer);
        add_organisation(fold, &writer, row->organisation);
        buffer_add_char(&text, FOLD_GROUP);
        group_begin(&writer);
        add_text(fold, &writer, row->email);
        add_text(fold, &writer, row->row.id);
        buffer_add_char(&text, FOLD_GROUP);
        group_begin(&writer);
        writer.blank = FOLD_PART; /* a number's groups may be written together */
        add_text(fold, &writer, row->phone);
        return buffer_steal(&text);
}

struct fold_parts fold_parts(const char *text, size_t length)
{
        const char *names_end = memchr(text, FOLD_GROUP, length), *end;
        size_t before = names_end ? (size_t)(names_end + 1 - text) : length;

        end = names_end ? memchr(text + before, FOLD_GROUP, length - before) : NULL;
        if (!end)
                return (struct fold_parts){ "", 0, length, length };
        return (struct fold_parts){ text + before, (size_t)(end - text) - before, before,
                (size_t)(end + 1 - text) };
}

char *fold_query(struct fold *fold, const char *text)
{
        struct buffer words = BUFFER_NULL;
        struct writer writer = { .to = &words, .blank = ' ' };

        if (is_ascii(text)) {
                write_ascii(&writer, text);
        } else {
                latin_base(fold->latin, text, &fold->base);
                write_units(&writer, &fold->base);
        }
        return buffer_steal(&words);
}
