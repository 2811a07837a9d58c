/* SPDX-License-Identifier: Apache-2.0 */
/* The names of the fields that an event's registrations bear; grows only, for what once was a column may be one again. */
#pragma once

#include <stddef.h>

struct field_names {
        char **quoted; /* as they stand in JSON, quotes included; sorted */
        size_t count;
};

void field_names_deinit(struct field_names *names);
/* `fields`: a registration's, a JSON object of texts in compact form, or NULL. */
void field_names_note(struct field_names *names, const char *fields);
