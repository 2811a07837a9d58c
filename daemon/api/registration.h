/* SPDX-License-Identifier: Apache-2.0 */
/* Registrations as clients see them, and what their methods share. */
#pragma once

#include "api/call.h"
#include "api/issue.h"

/* The whole registration: {registration, event, …, credentials, version}. */
void registration_write(
        const struct event_state *event, const struct registration_row *registration, struct jsonout *out);
/* The registration named by the parameter; NULL: the call has been answered with not_found. */
const struct registration_row *registration_need(struct call *call);
/* The same of one that may still change: an erased one is not found, either. */
const struct registration_row *registration_need_living(struct call *call);
/* Claims one registration: changes of it, and its scans, are decided one after the other. */
void registration_claim(struct call *call, const char *code);
/* `kept` of a method whose result is made again: {"registration": code}. */
void registration_keep(struct call *call, const char *code);
/* {registration, status, credential, version}, and `kind` where one is named; the `again` of create and its like. */
void registration_answer_issued(struct call *call, const json_t *kept);
/* The whole registration; the `again` of update and cancel. */
void registration_answer_whole(struct call *call, const json_t *kept);
/* The registration of a template with fresh search text and change time, sealed; the caller owns it. */
struct registration_row *registration_seal(
        struct api *api, struct registration_row *template, struct instant now);
/* The same where nothing has changed that it is found by: its search text is taken over from memory. */
struct registration_row *registration_reseal(
        const struct event_state *event, struct registration_row *template, struct instant now);
/* The standing credential of a kind; NULL: none. */
const struct credential_row *registration_credential(
        const struct event_state *event, const char *code, const char *kind);
/* The highest issue number of a kind so far. */
int64_t registration_last_issue(const struct event_state *event, const char *code, const char *kind);
/* Adds the rows of a new plain code: the standing one of that kind is replaced. NULL `folded`: replaced alone. */
void registration_put_code(struct call *call, struct batch *batch,
        const struct registration_row *registration, enum credential_kind kind, const char *folded);
/*
 * `code` as given, folded; answers and returns false where it is none, or opens the door for another, or as another kind.
 * `own`: the registration that is to have it as `kind`; NULL: one that is made.
 */
bool registration_read_code(struct call *call, const char *given, const char *own, enum credential_kind kind,
        struct buffer *folded);
/* Whether that is the registration's standing code of a kind already; NULL `folded`: whether it has none. */
bool registration_has_code(
        const struct event_state *event, const char *code, enum credential_kind kind, const char *folded);

extern const struct param registration_create_params[]; /* with `event` */
extern const struct param registration_row_params[]; /* without: an import's row */
extern const struct param registration_person_params[]; /* of transfer's `to` */
extern const struct param registration_whole_result[], registration_issued_result[];
extern const char *const registration_status_words[];
