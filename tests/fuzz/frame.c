/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes as a peer may send them: cut into reads of odd sizes, into lines, scanned and read as JSON-RPC. The scanner
 * and jansson must say the same of every line without a NUL byte (which jansson takes for the end of the text), and what
 * is built from a line must be what jansson makes of it.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/buffer.h"
#include "wire/frame.h"
#include "wire/jsonbuild.h"
#include "wire/jsonscan.h"
#include "wire/message.h"

enum { LINE_BYTES = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
        if (!holds)
                abort();
}

static void look_at_scan(const char *line, size_t length)
{
        struct jsonscan found;
        int r = jsonscan(line, length, SIZE_MAX, JSONSCAN_NESTING_MAX, &found);
        check(found.offset <= length);
        if (r == JSONSCAN_E_NESTING)
                return;
        json_t *tree = json_loadb(line, length, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
        check(memchr(line, '\0', length) ? r != 0 : (r == 0) == (tree != NULL));
        if (r != 0) {
                json_decref(tree);
                return;
        }
        json_t *built = jsonbuild(line, length);
        check(json_equal(built, tree));
        json_decref(built);
        json_decref(tree);
        /* Both limits are exact: what it counted passes, one less does not. */
        check(jsonscan(line, length, found.values, JSONSCAN_NESTING_MAX, &found) == 0);
        check(jsonscan(line, length, found.values - 1, JSONSCAN_NESTING_MAX, &found) == JSONSCAN_E_VALUES);
}

static void look_at_message(const char *line, size_t length)
{
        struct message_limits limits = { 1000, 32, 16, 0 };
        struct message *message = NULL;
        struct message_error error;
        int r = message_read(line, length, &limits, &message, &error);
        if (r == 0) {
                check(message->count >= 1 && message->count <= limits.members);
                for (size_t i = 0; i < message->count; i++)
                        check(!message->requests[i].method || json_is_object(message->requests[i].params));
                message_free(message);
                return;
        }
        struct buffer out = BUFFER_NULL;
        message_write_error(&error, NULL, &out);
        json_t *reply = json_loadb(out.data, out.length, JSON_REJECT_DUPLICATES, NULL);
        check(r == MESSAGE_E_REFUSED && reply);
        json_decref(reply);
        buffer_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct frame frame = FRAME_NULL;
        if (size < 2)
                return 0;
        size_t step = 1 + data[0] + (data[1] & 7) * 256u;
        data += 2;
        size -= 2;
        int r = FRAME_E_MORE;
        while (size > 0 && r != FRAME_E_TOO_LONG) {
                size_t n = step < size ? step : size;
                char *read = malloc(n); /* of its own, so that a look past its end is seen */
                const char *line;
                size_t length;
                memcpy(read, data, n);
                frame_lend(&frame, read, n);
                while ((r = frame_next(&frame, LINE_BYTES, &line, &length)) == 0) {
                        check(length <= LINE_BYTES);
                        look_at_scan(line, length);
                        look_at_message(line, length);
                }
                frame_settle(&frame);
                free(read);
                data += n;
                size -= n;
        }
        frame_deinit(&frame);
        return 0;
}
