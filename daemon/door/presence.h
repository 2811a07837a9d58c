/* SPDX-License-Identifier: Apache-2.0 */
/* How it is named where somebody stands: one registration at one checkpoint, on one day where it is `per` day. */
#pragma once

#include "base/instant.h"
#include "base/uuid.h"

enum { PRESENCE_ID_MAX = 160, PRESENCE_RANGE_BYTES = 6 };

/* A presence row's id, written to `id`, which comes back. Of nobody (""): what stands for all at the checkpoint. */
const char *presence_id(
        char id[static PRESENCE_ID_MAX], const char *checkpoint, struct date day, const char *registration);

/* A checkpoint of an event, on a day where it is `per` day: what the keys of all who come there are made with. */
struct presence_place {
        uint8_t range[PRESENCE_RANGE_BYTES]; /* they begin with it: of the checkpoint alone */
        uint8_t key[16];
};
struct presence_place presence_place(const struct uuid *event, const char *checkpoint, struct date day);
/*
 * The key that a presence has in the log, short and of one width: the checkpoint's range, so that those who come to one
 * place one after another are neighbours in the database's index, and 80 bits of the registration's SipHash-2-4-128
 * (Aumasson and Bernstein 2012) under the place's own key. Every daemon makes the same.
 */
struct uuid presence_key(const struct presence_place *place, const char *registration);
