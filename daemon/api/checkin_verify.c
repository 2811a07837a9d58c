/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checkin.verify: walks the chains of a family's log, names the first row that does not fit, and gives out the heads,
 * signed, to be kept elsewhere: whoever can rewrite the table can rewrite a chain, but not a head that is kept.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/keyring.h"
#include "api/methods.h"
#include "api/params.h"
#include "api/scan.h"
#include "store/chain.h"

enum { LINKS_A_PAGE = 1000, HEX = 2 * CHAIN_BYTES + 1 };

struct chain {
        struct uuid writer;
        int64_t last, rows, seq; /* of the last link that was read */
        uint8_t head[CHAIN_BYTES]; /* as far as it was read */
        uint8_t ends_in[CHAIN_BYTES]; /* what the writer's row says */
        bool ends;
};

/* One verification on its way: a chain after the other, a page after the other. */
struct verify {
        struct call *call;
        struct chain *chains;
        size_t count, at;
        bool broken;
        struct uuid broken_writer;
        int64_t broken_seq; /* 0: its end is missing, and there is nothing before it */
};

static void read_page(struct verify *verify);

static void verify_free(void *of)
{
        struct verify *verify = of;

        free(verify->chains);
        free(verify);
}

/* ---- links ---- */

enum link_column {
        LINK_SEQ,
        LINK_NONCE,
        LINK_EVENT,
        LINK_CHECKPOINT,
        LINK_REGISTRATION,
        LINK_REGISTRATION_VERSION,
        LINK_DIGEST,
        LINK_DAY,
        LINK_DIRECTION,
        LINK_VERDICT,
        LINK_REASON,
        LINK_AT,
        LINK_RECEIVED_AT,
        LINK_DEVICE,
        LINK_BY,
        LINK_FLAGS,
        LINK_INSIDE,
        LINK_PRESENCE_VERSION,
        LINK_PRESENCE_INSIDE,
        LINK_PRESENCE_ADMITTED,
        LINK_FORCE,
        LINK_FIRST_AT,
        LINK_FIRST_DEVICE,
        LINK_ADMITTED_AT,
        LINK_UNDOES,
        LINK_HASH,
};

static const char links_sql[] =
        "SELECT seq, nonce, event_id, checkpoint, registration, registration_version, "
        "encode(credential_digest, 'hex'), day - date '1970-01-01', direction, verdict, reason, "
        "(extract(epoch FROM at) * 1000000)::bigint, (extract(epoch FROM received_at) * 1000000)::bigint, "
        "device, by, flags, inside, presence_version, presence_inside, presence_admitted, force, "
        "(extract(epoch FROM first_at) * 1000000)::bigint, first_device, "
        "(extract(epoch FROM admitted_at) * 1000000)::bigint, undoes, encode(hash, 'hex') "
        "FROM usher.chain($1::uuid, $2::uuid, $3::bigint, $4::bigint, $5::bigint)";

static int64_t int_of(const struct store_result *result, size_t line, enum link_column column, int64_t absent)
{
        const char *text = result_text(result, line, column);

        return text ? strtoll(text, NULL, 10) : absent;
}

static bool is_true(const struct store_result *result, size_t line, enum link_column column)
{
        const char *text = result_text(result, line, column);

        return text && text[0] == 't';
}

/* Hexadecimal text into `bytes`; false: absent, or not of that length. */
static bool bytes_of(const char *hex, uint8_t *bytes, size_t size)
{
        size_t length;

        return hex && sodium_hex2bin(bytes, size, hex, strlen(hex), NULL, &length, NULL) == 0 &&
               length == size;
}

static void link_read(const struct store_result *result, size_t line, struct scan_row *scan)
{
        scan->seq = int_of(result, line, LINK_SEQ, 0);
        uuid_parse(result_text(result, line, LINK_NONCE), &scan->nonce);
        uuid_parse(result_text(result, line, LINK_EVENT), &scan->event);
        scan->checkpoint = result_text(result, line, LINK_CHECKPOINT);
        scan->registration = result_text(result, line, LINK_REGISTRATION);
        scan->registration_version = int_of(result, line, LINK_REGISTRATION_VERSION, 0);
        scan->has_digest = bytes_of(result_text(result, line, LINK_DIGEST), scan->credential_digest,
                sizeof(scan->credential_digest));
        scan->day.days = (int32_t)int_of(result, line, LINK_DAY, DATE_NONE.days);
        scan->direction = result_text(result, line, LINK_DIRECTION);
        scan->verdict = result_text(result, line, LINK_VERDICT);
        scan->reason = result_text(result, line, LINK_REASON);
        scan->at.us = int_of(result, line, LINK_AT, INSTANT_NONE.us);
        scan->received_at.us = int_of(result, line, LINK_RECEIVED_AT, INSTANT_NONE.us);
        scan->device = result_text(result, line, LINK_DEVICE);
        scan->by = result_text(result, line, LINK_BY);
        scan->flags = result_text(result, line, LINK_FLAGS);
        scan->inside = int_of(result, line, LINK_INSIDE, 0);
        scan->presence_version = int_of(result, line, LINK_PRESENCE_VERSION, 0);
        scan->presence_inside = is_true(result, line, LINK_PRESENCE_INSIDE);
        scan->presence_admitted = is_true(result, line, LINK_PRESENCE_ADMITTED);
        scan->force = is_true(result, line, LINK_FORCE);
        scan->first_at.us = int_of(result, line, LINK_FIRST_AT, INSTANT_NONE.us);
        scan->first_device = result_text(result, line, LINK_FIRST_DEVICE);
        scan->admitted_at.us = int_of(result, line, LINK_ADMITTED_AT, INSTANT_NONE.us);
        scan->undoes = result_text(result, line, LINK_UNDOES);
}

/* Whether the link follows the one before it. */
static bool link_fits(struct verify *verify, const struct store_result *result, size_t line)
{
        struct chain *chain = &verify->chains[verify->at];
        struct scan_row scan = { .family = verify->call->event->family->uuid, .writer = chain->writer };
        uint8_t kept[CHAIN_BYTES];

        link_read(result, line, &scan);
        chain_next(chain->head, &scan, chain->head);
        chain->seq = scan.seq;
        chain->rows++;
        return bytes_of(result_text(result, line, LINK_HASH), kept, sizeof(kept)) &&
               memcmp(kept, chain->head, sizeof(kept)) == 0;
}

/* ---- the answer ---- */

/* What is signed: a line each, so that anybody can make it again. Hexadecimal; NULL: there is no key here. */
static bool sign_head(const struct verify *verify, const struct chain *chain, const char *head,
        char signature[static 2 * crypto_sign_BYTES + 1], int64_t *number)
{
        const struct event_state *event = verify->call->event;
        const struct signing_key *key =
                keyring_key(verify->call->api->keyring, &verify->call->api->state, event, 0, number);
        unsigned char bytes[crypto_sign_BYTES];
        char family[37], writer[37];
        _cleanup_(freep) char *text = NULL;

        if (!key)
                return false;
        uuid_format(&event->family->uuid, family);
        uuid_format(&chain->writer, writer);
        text = xasprintf("usherd log head\n%s\n%s\n%lld\n%s\n", family, writer, (long long)chain->rows, head);
        crypto_sign_detached(bytes, NULL, (const unsigned char *)text, strlen(text), key->secret_key);
        sodium_bin2hex(signature, 2 * crypto_sign_BYTES + 1, bytes, sizeof(bytes));
        return true;
}

static void write_chain(const struct verify *verify, const struct chain *chain, struct jsonout *out)
{
        char writer[37], head[HEX], signature[2 * crypto_sign_BYTES + 1];
        int64_t number = 0;
        bool is_signed;

        uuid_format(&chain->writer, writer);
        sodium_bin2hex(head, sizeof(head), chain->head, sizeof(chain->head));
        is_signed = sign_head(verify, chain, head, signature, &number);
        json_begin_object(out);
        json_member_text(out, "writer", writer);
        json_member_int(out, "rows", chain->rows);
        json_member_text(out, "head", head);
        json_member_text(out, "signed", is_signed ? signature : NULL);
        if (is_signed)
                json_member_int(out, "key", number);
        else
                json_member_null(out, "key");
        json_end_object(out);
}

static void answer(struct verify *verify)
{
        struct call *call = verify->call;
        _cleanup_(buffer_deinit) struct buffer result = BUFFER_NULL;
        struct jsonout out = JSONOUT(&result);
        char writer[37], scan[SCAN_ID_LENGTH + 1], family[37];

        uuid_format(&call->event->family->uuid, family);
        json_begin_object(&out);
        json_member_text(&out, "family", family);
        json_name(&out, "writers");
        json_begin_array(&out);
        /* A head behind a broken link says nothing: what was whole before it is signed. */
        for (size_t i = 0; i < verify->count && (!verify->broken || i < verify->at); i++)
                write_chain(verify, &verify->chains[i], &out);
        json_end_array(&out);
        if (verify->broken) {
                uuid_format(&verify->broken_writer, writer);
                scan_id_write(&verify->broken_writer, verify->broken_seq, scan);
                json_name(&out, "broken");
                json_begin_object(&out);
                json_member_text(&out, "writer", writer);
                json_member_text(&out, "scan", verify->broken_seq ? scan : NULL);
                json_end_object(&out);
        }
        json_end_object(&out);
        call_answer(call, &result);
}

static void answer_broken(struct verify *verify)
{
        const struct chain *chain = &verify->chains[verify->at];

        verify->broken = true;
        verify->broken_writer = chain->writer;
        verify->broken_seq = chain->seq;
        answer(verify);
}

/* ---- walking ---- */

/* Answers and returns false where the database did not. The event may have gone meanwhile. */
static bool is_answered(struct verify *verify, enum outcome outcome)
{
        struct call *call = verify->call;

        if (outcome == OUTCOME_UNKNOWN)
                call_fail_unavailable(call, true);
        else if (outcome != OUTCOME_DONE)
                call_fail_internal(call, "the log could not be read");
        else
                return call_event_again(call);
        return false;
}

static void page_answered(void *context, enum outcome outcome, const struct store_result *result)
{
        struct verify *verify = ((struct call *)context)->own;
        struct chain *chain;

        if (!is_answered(verify, outcome))
                return;
        for (size_t line = 0; line < result_lines(result); line++)
                if (!link_fits(verify, result, line)) {
                        answer_broken(verify);
                        return;
                }
        chain = &verify->chains[verify->at];
        if (result_lines(result) < LINKS_A_PAGE) {
                if (!chain->ends || memcmp(chain->head, chain->ends_in, sizeof(chain->head)) != 0) {
                        answer_broken(verify);
                        return;
                }
                verify->at++;
        }
        read_page(verify);
}

static void read_page(struct verify *verify)
{
        struct call *call = verify->call;
        const struct chain *chain = &verify->chains[verify->at];
        char family[37], writer[37], after[24], last[24], limit[12];
        const char *values[] = { family, writer, after, last, limit };

        if (verify->at == verify->count) {
                answer(verify);
                return;
        }
        uuid_format(&call->event->family->uuid, family);
        uuid_format(&chain->writer, writer);
        snprintf(after, sizeof(after), "%lld", (long long)chain->seq);
        snprintf(last, sizeof(last), "%lld", (long long)chain->last);
        snprintf(limit, sizeof(limit), "%d", LINKS_A_PAGE);
        call_read(call, READ_THROUGH, links_sql, 5, values, page_answered);
}

static void chains_answered(void *context, enum outcome outcome, const struct store_result *result)
{
        struct verify *verify = ((struct call *)context)->own;

        if (!is_answered(verify, outcome))
                return;
        verify->count = result_lines(result);
        verify->chains = xcalloc(verify->count + 1, sizeof(*verify->chains));
        for (size_t i = 0; i < verify->count; i++) {
                struct chain *chain = &verify->chains[i];

                uuid_parse(result_text(result, i, 0), &chain->writer);
                chain->last = strtoll(result_text(result, i, 1), NULL, 10);
                chain->ends = bytes_of(result_text(result, i, 2), chain->ends_in, sizeof(chain->ends_in));
        }
        read_page(verify);
}

static void checkin_verify(struct call *call)
{
        struct verify *verify = xcalloc(1, sizeof(*verify));
        char family[37];
        const char *values[] = { family };

        verify->call = call;
        call->own = verify;
        call->own_free = verify_free;
        uuid_format(&call->event->family->uuid, family);
        call_read(call, READ_THROUGH, "SELECT writer, last, encode(head, 'hex') FROM usher.chains($1::uuid)",
                1, values, chains_answered);
}

/* ---- tables ---- */

static const struct param writer_members[] = {
        P("writer", PARAM_UUID, REQ, "who numbered these scans: one connection of one daemon's life"),
        P("rows", PARAM_INT, REQ, "how many scans its chain has"),
        P("head", PARAM_TEXT, REQ, "the hash of the last, hexadecimal; keep it elsewhere"),
        P("signed", PARAM_TEXT, NUL,
                "signature of family, writer, rows and head; null: there is no key here"),
        P("key", PARAM_INT, NUL, "the key it was signed with: see key.list"),
        PARAM_END,
};
static const struct param writer_item[] = { P_OBJECT(NULL, 0, writer_members, NULL) };
static const struct param broken_members[] = {
        P("writer", PARAM_UUID, REQ, "whose chain is broken"),
        P("scan", PARAM_TEXT, NUL,
                "the first that does not fit, or the last one before an end that is missing"),
        PARAM_END,
};
static const struct param verify_result[] = {
        P("family", PARAM_UUID, REQ, "which is signed, too"),
        P_ARRAY("writers", REQ, 0, writer_item, "the chains that are whole"),
        P_OBJECT("broken", 0, broken_members, "where the log was changed"),
        PARAM_END,
};
static const char *const verify_errors[] = { "not_found", "unavailable", NULL };

const struct method checkin_verify_method = {
        .name = "checkin.verify",
        .role = ROLE_ORGANISER,
        .summary = "walks the log's chains, and signs their heads",
        .flags = METHOD_EVENT,
        .params = params_event_only,
        .result = verify_result,
        .errors = verify_errors,
        .handle = checkin_verify,
};
