/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange/csv.h"

#include <string.h>
#include "exchange/csv_guard.h"

const char *const csv_registration_columns[] = { "registration", "status", "ticket", "name", "name_latin",
        "email", "phone", "organisation", "title", "country", "language", "notes", "external_id", "code",
        "paid", "attention", "blocked", "version", "created_at", NULL };

static const char *const text_columns[] = { "ticket", "name", "name_latin", "email", "phone", "organisation",
        "title", "country", "language", "notes", "external_id", "code", "attention", "blocked", NULL };

static const char *const ignored_columns[] = { "registration", "status", "version", "credential",
        "created_at", "updated_at", "cancelled_at", "erased_at", NULL };

static bool is_among(const char *name, const char *const *names)
{
        for (; *names; names++) {
                if (strcmp(name, *names) == 0)
                        return true;
        }
        return false;
}

enum csv_column csv_column_kind(const char *name, const char **field)
{
        *field = NULL;
        if (strcmp(name, "paid") == 0)
                return CSV_COLUMN_BOOL;
        if (is_among(name, text_columns))
                return CSV_COLUMN_TEXT;
        if (is_among(name, ignored_columns))
                return CSV_COLUMN_IGNORED;
        if (strncmp(name, "fields.", 7) != 0 || !name[7])
                return CSV_COLUMN_UNKNOWN;
        *field = name + 7;
        return CSV_COLUMN_FIELD;
}

bool csv_guard_matches(const char *text)
{
        static const char *const signs[] = { "=", "+", "-", "@", "\xef\xbc\x9d", "\xef\xbc\x8b",
                "\xef\xbc\x8d", "\xef\xbc\xa0" };

        text += strspn(text, "'");
        if (*text && strchr("\t\r\n", *text))
                return true;
        text += strspn(text, " \t\r\n");
        for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++) {
                if (strncmp(text, signs[i], strlen(signs[i])) == 0)
                        return true;
        }
        return false;
}
