/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scan on its way: asked (checkin_scan.c), looked up among the rosters (scan_find.c) with those that arrive beside it
 * (arrivals.c), fetched for its decision (scan_prefetch.c), decided and recorded (scan_decide.c), told apart by its signature
 * where nobody knows it (signatures.c), answered (scan_answer.c), or found to be a repeat of an earlier one (scan_replay.c).
 */
#pragma once

#include "api/call.h"
#include "door/presented.h"
#include "door/verdict.h"

enum { SCAN_POINTS_MAX = 16, SCAN_ID_LENGTH = 32 };

/* Who judges, and what was found. Borrowed: good until a row changes. */
struct scan_found {
        struct event_state *event;
        const struct checkpoint_row *checkpoint;
        enum verdict_found found;
        const struct credential_row *credential;
        const struct registration_row *registration;
        const struct event_state *elsewhere; /* FOUND_ELSEWHERE: whose it is; NULL: gone meanwhile */
};

struct scan_point {
        const char *event, *checkpoint;
};

/* What the keys say of a credential that no roster knows. */
enum scan_signature { SIGNATURE_NOT_JUDGED, SIGNATURE_BAD, SIGNATURE_GOOD };

/* Texts are borrowed from the call's params. */
struct scan {
        struct call *call;
        struct scan_point points[SCAN_POINTS_MAX];
        size_t point_count;
        struct presented presented;
        struct uuid family, nonce;
        uint64_t nonce_hash; /* see api/nonces.h */
        const char *nonce_text, *device, *why;
        const json_t *answers; /* NULL: none were given */
        struct instant at, received_at;
        bool leaving, force, dry_run;
        enum verdict_language language;
        bool exclusive; /* its nonce is claimed: another with the same one was on its way, too */

        struct scan *next_arrival, *next_signature;
        struct scan_found found; /* as of that state of memory; 0: not looked up yet */
        uint64_t found_at;
        bool nowhere; /* nobody of the family was found for it */
        bool sought; /* … and that after all that had been recorded was read */
        enum scan_signature signature;
        struct uuid signed_for; /* SIGNATURE_GOOD: the event */
        char claimed[CREDENTIAL_CODE_MAX + 1]; /* the registration that was claimed; "": none */

        /* Of the decision under way: what it adds to the people inside, and where its row and its id stand. */
        struct uuid under_way_event;
        const char *under_way_checkpoint;
        struct date under_way_day;
        int under_way_by;
        size_t place, id_offset;
};

static inline struct scan *scan_of(const struct change *change)
{
        const struct call *call =
                (const struct call *)((const char *)(uintptr_t)change - offsetof(struct call, change));

        return call->own;
}

/* ---- checkin_scan.c ---- */

/* It has been asked, and those that arrived beside it, too: looks it up, and goes on. */
void scan_arrived(struct scan *scan);

/* ---- scan_find.c ---- */

/* Whether every point names an event and a checkpoint of one family; else the call has been answered. */
bool scan_points_exist(struct call *call, struct scan *scan);
/* Looks up, unless nothing has changed since; NULL: the call has been answered (its event or checkpoint is gone). */
const struct scan_found *scan_find(struct scan *scan);
/* Whether what was looked up last stands. */
bool scan_is_found(const struct scan *scan);
/* Looks again when all that has been recorded by now is in memory, and goes on. */
void scan_seek(struct scan *scan);
/* Where its first look-up will begin, as long as its first point's event knows it. */
struct roster_look scan_look(const struct scan *scan);
/* Whether it has to be told apart by its signature, which is not judged yet. */
bool scan_needs_signature(const struct scan *scan);
/* … and no key is here by which it may have been signed: its event may have been made at another daemon just now. */
bool scan_lacks_key(const struct scan *scan);
/* 50 µs a key: see api/signatures.h. */
void scan_judge_signature(struct scan *scan);
/* Tells apart by its signature what no roster knows. */
void scan_judge_unknown(struct scan *scan);

/* ---- scan_decide.c ---- */

/* Claims what the scan depends on and joins the store's queue. */
void scan_submit(struct scan *scan);

/* Moves the counter of people inside, where the checkpoint has a capacity; `free`: it may end beyond that. */
void scan_count_inside(
        struct batch *batch, const struct checkpoint_row *checkpoint, struct date day, int by, bool free);

/* What a move's row has to say of since when its person counts as admitted, beside its `first_at`. */
struct instant scan_admitted_since(const struct presence_row *presence, struct instant first_at);

/* When it is taken to have happened, and the day of its presence. */
struct instant scan_at(const struct scan *scan);
struct date scan_day(const struct scan *scan, const struct scan_found *found);

/* ---- scan_prefetch.c ---- */

/* What struct change_kind has of it. */
void scan_prefetch(const struct change *change, unsigned left);

/* ---- scan_rely.c ---- */

/* Adds what the verdict relied on, to be re-checked when it is recorded. `seat`: the person's booking, where it matters. */
void scan_rely(struct batch *batch, const struct scan_found *found, const struct verdict_case *judged,
        const struct booking_row *seat, struct date day, const struct verdict *verdict);

/* ---- scan_answer.c ---- */

struct scan_answer {
        const struct scan_found *found;
        enum verdict_word word;
        enum verdict_reason reason;
        enum verdict_language language;
        const char *flags; /* JSON array */
        const char *scan; /* its id; NULL: none was recorded */
        const char *nonce;
        struct instant at, now;
        struct instant
                first_at; /* the admission that stands in the way, if one does: shown where that is the reason */
        const char *first_device;
        int64_t inside;
        bool replayed;
};

/* Returns where the scan's id stands in `out`, to be put in later; meaningless without one. */
size_t scan_answer_write(const struct scan_answer *answer, struct buffer *out);
/* Opaque, the same on every daemon: SCAN_ID_LENGTH characters. */
void scan_id_write(const struct uuid *writer, int64_t seq, char id[static SCAN_ID_LENGTH + 1]);
bool scan_id_read(const char *id, struct uuid *writer, int64_t *seq);

/* ---- scan_replay.c ---- */

/* Its nonce seems used: looks it up in the log, and answers with what was answered then, or goes on. */
void scan_replay(struct scan *scan);

/* ---- checkin_table.c ---- */

extern const struct param checkin_scan_params[], checkin_scan_result[];
