/* SPDX-License-Identifier: Apache-2.0 */
#include "requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NONCE_TEXT = 36 };

static const struct {
        const char *mark;
        enum piece_kind kind;
} marks[] = { { "@nonce@", PIECE_NONCE }, { "@round@", PIECE_ROUND } };

/* ---- reading ---- */

static bool add_piece(struct line *line, enum piece_kind kind, const char *text, size_t length)
{
        if (line->piece_count == REQUEST_PIECES)
                return false;
        line->pieces[line->piece_count++] = (struct piece){ kind, (uint32_t)length, text };
        return true;
}

/* The first mark of a text; NULL: none. */
static const char *next_mark(const char *text, size_t *which)
{
        const char *first = NULL;

        for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
                const char *at = strstr(text, marks[i].mark);

                if (at && (!first || at < first)) {
                        first = at;
                        *which = i;
                }
        }
        return first;
}

static bool read_body(struct line *line, const char *body)
{
        const char *mark;
        size_t which = 0;

        while ((mark = next_mark(body, &which))) {
                if (!add_piece(line, PIECE_TEXT, body, (size_t)(mark - body)) ||
                        !add_piece(line, marks[which].kind, NULL, 0))
                        return false;
                body = mark + strlen(marks[which].mark);
        }
        return add_piece(line, PIECE_TEXT, body, strlen(body));
}

static bool read_line(struct requests *requests, char *text)
{
        char *rest = text, *body = strsep(&rest, "\t"), *expected;
        struct line *line;

        if (requests->count == requests->capacity) {
                requests->capacity = requests->capacity ? requests->capacity * 2 : 1024;
                requests->lines = xrealloc(requests->lines, requests->capacity * sizeof(*requests->lines));
        }
        line = &requests->lines[requests->count++];
        memset(line, 0, sizeof(*line));
        while ((expected = strsep(&rest, "\t"))) {
                if (line->expect_count == REQUEST_EXPECTS)
                        return false;
                line->expects[line->expect_count++] = (struct expect){ expected, strlen(expected) };
        }
        return read_body(line, body);
}

static char *read_whole(const char *path)
{
        FILE *file = fopen(path, "re");
        struct buffer text = BUFFER_NULL;
        size_t n;

        if (!file) {
                perror(path);
                return NULL;
        }
        do {
                buffer_reserve(&text, 1 << 20);
                n = fread(text.data + text.length, 1, 1 << 20, file);
                text.length += n;
        } while (n > 0);
        fclose(file);
        buffer_add_char(&text, '\n');
        return buffer_steal(&text);
}

bool requests_read(struct requests *requests, const char *path)
{
        char *rest, *text;

        memset(requests, 0, sizeof(*requests));
        requests->text = rest = read_whole(path);
        while (rest && (text = strsep(&rest, "\n"))) {
                if (*text && !read_line(requests, text)) {
                        fprintf(stderr, "%s: too much on line %zu\n", path, requests->count);
                        return false;
                }
        }
        if (requests->text && !requests->count)
                fprintf(stderr, "%s: no requests\n", path);
        return requests->count > 0;
}

void requests_deinit(struct requests *requests)
{
        free(requests->text);
        free(requests->lines);
}

/* ---- writing ---- */

static uint64_t scramble(uint64_t *state)
{
        uint64_t z = *state += 0x9e3779b97f4a7c15;

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
}

static void put_hex(char *to, uint64_t value, size_t digits)
{
        while (digits--) {
                to[digits] = "0123456789abcdef"[value & 15];
                value >>= 4;
        }
}

/* Unique is all that it has to be, and in order within a millisecond: a counter and some noise, no entropy. */
static void put_nonce(char to[static NONCE_TEXT])
{
        static uint64_t state, last_ms;
        static unsigned counter;
        struct timespec now;
        uint64_t ms, noise;

        clock_gettime(CLOCK_REALTIME_COARSE, &now);
        ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
        if (!state)
                state = (uint64_t)now.tv_sec << 32 ^ (uint64_t)now.tv_nsec;
        if (ms > last_ms) {
                last_ms = ms;
                counter = 0;
        } else if (++counter > 0xfff) {
                counter = 0;
                last_ms++;
        }
        noise = scramble(&state);
        put_hex(to, last_ms >> 16, 8);
        to[8] = '-';
        put_hex(to + 9, last_ms & 0xffff, 4);
        to[13] = '-';
        put_hex(to + 14, 0x7000 | counter, 4);
        to[18] = '-';
        put_hex(to + 19, 0x8000 | (noise >> 48 & 0x3fff), 4);
        to[23] = '-';
        put_hex(to + 24, noise, 12);
}

static void add_number(struct buffer *to, size_t number)
{
        char digits[24];
        size_t at = sizeof(digits);

        do
                digits[--at] = (char)('0' + number % 10);
        while (number /= 10);
        buffer_add(to, digits + at, sizeof(digits) - at);
}

void requests_write(
        const struct requests *requests, size_t n, size_t first_round, unsigned id, struct buffer *to)
{
        const struct line *line = &requests->lines[n % requests->count];

        buffer_add(to, "{\"jsonrpc\":\"2.0\",\"id\":", 22);
        add_number(to, id);
        buffer_add_char(to, ',');
        for (size_t i = 0; i < line->piece_count; i++) {
                const struct piece *piece = &line->pieces[i];

                switch (piece->kind) {
                case PIECE_TEXT:
                        buffer_add(to, piece->text, piece->length);
                        break;
                case PIECE_NONCE:
                        buffer_reserve(to, NONCE_TEXT + 1);
                        put_nonce(to->data + to->length);
                        to->length += NONCE_TEXT;
                        break;
                case PIECE_ROUND:
                        add_number(to, first_round + n / requests->count);
                        break;
                }
        }
        buffer_add(to, "}\n", 2);
}

bool requests_fits(const struct requests *requests, size_t n, const char *reply, size_t length)
{
        const struct line *line = &requests->lines[n % requests->count];

        for (size_t i = 0; i < line->expect_count; i++)
                if (!memmem(reply, length, line->expects[i].text, line->expects[i].length))
                        return false;
        return true;
}
