/* SPDX-License-Identifier: Apache-2.0 */
#include "door/credential.h"

#include <endian.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "door/keys.h"

/* Its five leading bits are the letter U; the three others count the forms. */
#define CREDENTIAL_FORM 0xa1
#define CREDENTIAL_BYTES (CREDENTIAL_PAYLOAD + CREDENTIAL_SIGNATURE)

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
static const char *const kind_words[] = {
#define X(name, word) [CREDENTIAL_##name] = word,
        CREDENTIAL_KINDS(X)
#undef X
};

const char *credential_kind_word(enum credential_kind kind)
{
        return kind_words[kind];
}

int credential_kind_from_word(const char *word)
{
        for (size_t i = 0; i < sizeof(kind_words) / sizeof(kind_words[0]); i++)
                if (strcmp(kind_words[i], word) == 0)
                        return (int)i;
        return -1;
}

static void mark_make(const char *label, const void *bytes, size_t length, uint8_t mark[static 4])
{
        uint8_t hash[crypto_generichash_BYTES_MIN];

        crypto_generichash(hash, sizeof(hash), bytes, length, (const uint8_t *)label, strlen(label));
        memcpy(mark, hash, 4);
}

void credential_event_mark(const struct uuid *event, uint8_t mark[static 4])
{
        mark_make("usherd event mark", event->bytes, sizeof(event->bytes), mark);
}

static void ticket_mark(const char *ticket, uint8_t mark[static 4])
{
        mark_make("usherd ticket mark", ticket, strlen(ticket), mark);
}

bool credential_second_fits(struct instant at)
{
        return instant_is_none(at) || (at.us > 0 && at.us / INSTANT_SECOND < UINT32_MAX);
}

int credential_fill(struct credential_content *content, const struct uuid *event, int64_t key_number,
        const char *registration, const char *ticket, struct instant valid_from, struct instant valid_to,
        enum credential_kind kind, int64_t issue)
{
        size_t length = strlen(registration);

        if (key_number < 1 || key_number > UINT8_MAX || issue < 1 || issue > UINT16_MAX)
                return CREDENTIAL_E_RANGE;
        if (length < 1 || length > CREDENTIAL_CODE_MAX || !credential_second_fits(valid_from) ||
                !credential_second_fits(valid_to))
                return CREDENTIAL_E_RANGE;
        memset(content, 0, sizeof(*content));
        credential_event_mark(event, content->event_mark);
        ticket_mark(ticket, content->ticket_mark);
        content->key_number = (uint8_t)key_number;
        memcpy(content->registration, registration, length);
        content->valid_from = valid_from;
        content->valid_to = valid_to;
        content->kind = kind;
        content->issue = (uint16_t)issue;
        return 0;
}

static uint8_t *put_second(uint8_t *to, struct instant at, uint32_t none)
{
        uint32_t second = instant_is_none(at) ? none : (uint32_t)(at.us / INSTANT_SECOND);

        for (int shift = 24; shift >= 0; shift -= 8)
                *to++ = (uint8_t)(second >> shift);
        return to;
}

static const uint8_t *get_second(const uint8_t *from, struct instant *at, uint32_t none)
{
        uint32_t second = 0;

        for (size_t i = 0; i < 4; i++)
                second = second << 8 | *from++;
        *at = second == none ? INSTANT_NONE : (struct instant){ second * INSTANT_SECOND };
        return from;
}

/* form: 1, event: 4, key: 1, registration: 11, ticket: 4, from: 4, to: 4, kind: 1, issue: 2 */
static void payload_write(
        const struct credential_content *content, uint8_t payload[static CREDENTIAL_PAYLOAD])
{
        uint8_t *p = payload;

        *p++ = CREDENTIAL_FORM;
        p = mempcpy(p, content->event_mark, 4);
        *p++ = content->key_number;
        p = mempcpy(p, content->registration, CREDENTIAL_CODE_MAX);
        p = mempcpy(p, content->ticket_mark, 4);
        p = put_second(p, content->valid_from, 0);
        p = put_second(p, content->valid_to, UINT32_MAX);
        *p++ = (uint8_t)content->kind;
        *p++ = (uint8_t)(content->issue >> 8);
        *p = (uint8_t)content->issue;
}

static int payload_read(const uint8_t payload[static CREDENTIAL_PAYLOAD], struct credential_content *content)
{
        const uint8_t *p = payload;

        memset(content, 0, sizeof(*content));
        if (*p++ != CREDENTIAL_FORM)
                return CREDENTIAL_E_FORM;
        memcpy(content->event_mark, p, 4);
        content->key_number = p[4];
        memcpy(content->registration, p + 5, CREDENTIAL_CODE_MAX);
        p += 5 + CREDENTIAL_CODE_MAX;
        memcpy(content->ticket_mark, p, 4);
        p = get_second(p + 4, &content->valid_from, 0);
        p = get_second(p, &content->valid_to, UINT32_MAX);
        if (*p > CREDENTIAL_CODE)
                return CREDENTIAL_E_FORM;
        content->kind = (enum credential_kind) * p;
        content->issue = (uint16_t)(p[1] << 8 | p[2]);
        return 0;
}

static void text_write(const uint8_t bytes[static CREDENTIAL_BYTES], char text[static CREDENTIAL_TEXT + 1])
{
        unsigned bits = 0, held = 0;
        size_t at = 0;

        for (size_t i = 0; i < CREDENTIAL_BYTES; i++) {
                bits = bits << 8 | bytes[i];
                for (held += 8; held >= 5; held -= 5)
                        text[at++] = alphabet[bits >> (held - 5) & 31];
        }
        text[at++] = alphabet[bits << (5 - held) & 31];
        text[at] = '\0';
}

/* A letter's value, marked as one of ours; 0: none. A table, for every scan has 154 of them. */
enum { OURS = 32 };
#define LETTER(upper, value) [upper] = (value) | OURS, [(upper) | 0x20] = (value) | OURS
static const uint8_t letters[256] = {
        LETTER('A', 0),
        LETTER('B', 1),
        LETTER('C', 2),
        LETTER('D', 3),
        LETTER('E', 4),
        LETTER('F', 5),
        LETTER('G', 6),
        LETTER('H', 7),
        LETTER('I', 8),
        LETTER('J', 9),
        LETTER('K', 10),
        LETTER('L', 11),
        LETTER('M', 12),
        LETTER('N', 13),
        LETTER('O', 14),
        LETTER('P', 15),
        LETTER('Q', 16),
        LETTER('R', 17),
        LETTER('S', 18),
        LETTER('T', 19),
        LETTER('U', 20),
        LETTER('V', 21),
        LETTER('W', 22),
        LETTER('X', 23),
        LETTER('Y', 24),
        LETTER('Z', 25),
        ['2'] = 26 | OURS,
        ['3'] = 27 | OURS,
        ['4'] = 28 | OURS,
        ['5'] = 29 | OURS,
        ['6'] = 30 | OURS,
        ['7'] = 31 | OURS,
};

static bool is_blank(char c)
{
        return c == ' ' || (c >= '\t' && c <= '\r');
}

/* So many letters' bits, one behind the other; false: not all are ours. */
static inline bool letters_read(const char *text, size_t count, uint64_t *bits)
{
        unsigned all = OURS;

        *bits = 0;
#pragma GCC unroll 8
        for (size_t i = 0; i < count; i++) {
                unsigned letter = letters[(unsigned char)text[i]];

                all &= letter;
                *bits = *bits << 5 | (letter & (OURS - 1));
        }
        return all & OURS;
}

/* The text itself where it has no blanks, else what it is without; NULL: not of the length. */
static const char *without_blanks(const char *text, char plain[static CREDENTIAL_TEXT])
{
        size_t count = 0;

        if (strlen(text) == CREDENTIAL_TEXT)
                return text;
        for (; *text; text++) {
                if (is_blank(*text))
                        continue;
                if (count == CREDENTIAL_TEXT)
                        return NULL;
                plain[count++] = *text;
        }
        return count == CREDENTIAL_TEXT ? plain : NULL;
}

/* Eight letters are five bytes. False when it is not 154 of our characters, or its last bits are not zero. */
static bool text_read(const char *text, uint8_t bytes[static CREDENTIAL_BYTES])
{
        enum { GROUP = 8, GROUP_BYTES = 5, GROUPS = CREDENTIAL_TEXT / GROUP };
        char plain[CREDENTIAL_TEXT];
        uint64_t bits;

        text = without_blanks(text, plain);
        if (!text)
                return false;
        for (size_t i = 0; i < GROUPS; i++) {
                if (!letters_read(text + i * GROUP, GROUP, &bits))
                        return false;
                bits = htobe64(bits << 24);
                memcpy(bytes + i * GROUP_BYTES, &bits, GROUP_BYTES);
        }
        if (!letters_read(text + GROUPS * GROUP, CREDENTIAL_TEXT - GROUPS * GROUP, &bits) || bits & 3)
                return false;
        bytes[CREDENTIAL_BYTES - 1] = (uint8_t)(bits >> 2);
        return true;
}

static void digest_make(
        const uint8_t bytes[static CREDENTIAL_BYTES], uint8_t digest[static CREDENTIAL_DIGEST])
{
        crypto_generichash(digest, CREDENTIAL_DIGEST, bytes, CREDENTIAL_BYTES, NULL, 0);
}

void credential_issue(const struct credential_content *content, const struct signing_key *key,
        char text[static CREDENTIAL_TEXT + 1])
{
        uint8_t bytes[CREDENTIAL_BYTES];

        payload_write(content, bytes);
        crypto_sign_detached(bytes + CREDENTIAL_PAYLOAD, NULL, bytes, CREDENTIAL_PAYLOAD, key->secret_key);
        text_write(bytes, text);
}

int credential_parse(const char *text, struct credential_read *read)
{
        uint8_t bytes[CREDENTIAL_BYTES];

        if (!text_read(text, bytes))
                return CREDENTIAL_E_FORM;
        memcpy(read->payload, bytes, CREDENTIAL_PAYLOAD);
        memcpy(read->signature, bytes + CREDENTIAL_PAYLOAD, CREDENTIAL_SIGNATURE);
        digest_make(bytes, read->digest);
        return payload_read(read->payload, &read->content);
}

int credential_verify(const struct credential_read *read, const uint8_t public_key[static 32])
{
        if (crypto_sign_verify_detached(read->signature, read->payload, CREDENTIAL_PAYLOAD, public_key) != 0)
                return CREDENTIAL_E_SIGNATURE;
        return 0;
}

void credential_digest(const char text[static CREDENTIAL_TEXT + 1], uint8_t digest[static CREDENTIAL_DIGEST])
{
        uint8_t bytes[CREDENTIAL_BYTES];

        if (!text_read(text, bytes))
                abort();
        digest_make(bytes, digest);
}
