/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row of registration.import, on its way: made ready on a helper thread (checked, folded, signed as if it were to
 * be created), then decided upon on the loop's. What it is made ready from is a copy or held by reference.
 */
#pragma once

#include "api/call.h"
#include "door/keys.h"

struct fold;

struct import_row {
        const json_t *params; /* the call's own */
        bool expected; /* it was there when the call came: nothing is signed or folded for it */
        /* Made by import_row_prepare. */
        char *why, *path; /* refused; NULL: it fits */
        struct registration_row
                *fresh; /* as created, with a code that nobody has, most likely; its times are open */
        struct credential_row *credential; /* NULL: to be made when it is known that it is needed */
        uint64_t given; /* see row_given */
        char *code; /* the other system's, folded; NULL: none */
};

/* What credentials are made from, as it stood when the call came. */
struct import_source {
        struct uuid family, event;
        const struct ticket_row **tickets;
        size_t ticket_count;
        struct signing_key key;
        int64_t key_number; /* 0: there is none */
};

void import_source_init(struct import_source *source, const struct call *call);
void import_source_deinit(struct import_source *source);
/* Touches nothing but the row: safe on any thread. */
void import_row_prepare(struct import_row *row, const struct import_source *source, struct fold *fold);
/* Whether a prepared credential is what one made now would be. */
bool import_row_signed(const struct import_row *row, const struct ticket_row *ticket, int64_t key_number);
/* On any thread. */
void import_row_deinit(struct import_row *row);
