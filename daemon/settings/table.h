/* SPDX-License-Identifier: Apache-2.0 */
/* The settings as data: one row each. What reads, checks or documents a setting goes by its row. */
#pragma once

#include "settings/settings.h"

enum setting_type {
        SETTING_TEXT, /* char * */
        SETTING_PATH, /* char *, absolute */
        SETTING_LISTEN, /* struct settings_listen; the only one that may be given more than once */
        SETTING_LEVEL, /* enum log_level, by its word */
        SETTING_COUNT, /* size_t */
        SETTING_BYTES, /* size_t; K and M stand for KiB and MiB */
        SETTING_SECONDS, /* unsigned */
        SETTING_MS, /* int64_t microseconds, given in milliseconds */
};

struct setting {
        const char *section, *name;
        enum setting_type type;
        int64_t min, max; /* of numbers, as they are given (milliseconds, bytes) */
        const char *fallback; /* as it would stand in the file; "": unset */
        size_t offset;
        const char *summary;
};

/* In the order of the documentation: sections stand together. Ends with a NULL name. */
extern const struct setting setting_table[];

const struct setting *setting_find(const char *section, const char *name);
/* "a whole number from 1 to 64", and the like: what a value of this row is to be. */
void setting_expected(const struct setting *setting, struct buffer *out);
/* False, and nothing changed, when the value does not fit the row. An empty text unsets. SETTING_LISTEN adds. */
bool setting_assign(struct settings *settings, const struct setting *setting, const char *value);
/* Unsets: frees what the row owns; numbers stay. */
void setting_clear(struct settings *settings, const struct setting *setting);
/* Writes every default. */
void setting_assign_defaults(struct settings *settings);

/* What stands in the way of listening there, for a person; NULL when nothing does. */
const char *setting_address_problem(const char *address);
