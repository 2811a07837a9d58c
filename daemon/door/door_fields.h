/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of an event that the door sees: shown there, or asked while they are empty. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct door_field {
        char *field, *label; /* as they stand in JSON, quotes included */
        bool ask; /* else: shown */
};

struct door_fields {
        struct door_field *items;
        size_t count, asked;
};

/* From an event's `fields` (JSON text or NULL). */
void door_fields_read(struct door_fields *fields, const char *json);
void door_fields_deinit(struct door_fields *fields);
/* Whether a field is asked at the door. */
bool door_fields_asks(const struct door_fields *fields, const char *field);
/* A registration's value of a field, JSON text of `*length` bytes with its quotes; NULL: none, or an empty one. */
const char *door_field_value(const struct door_field *field, const char *values, size_t *length);
/* Whether anything to be asked is still empty. */
bool door_fields_are_open(const struct door_fields *fields, const char *values);
