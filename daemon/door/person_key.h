/* SPDX-License-Identifier: Apache-2.0 */
/* A person as tables know them: by e-mail and name, both to the letter. Who lacks one of the two is in no table. */
#pragma once

#include "base/table.h"
#include "door/rows.h"

struct person_key {
        const char *email, *name;
};

static inline uint64_t person_key_hash(const struct person_key *key)
{
        return hash_text(key->name, hash_text(key->email, 1));
}

static inline bool person_key_fits(const struct person_key *key, const struct registration_row *row)
{
        return strcmp(row->email, key->email) == 0 && strcmp(row->name, key->name) == 0;
}
