/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes as a peer may send them: cut into reads of odd sizes, into lines, scanned and read as JSON-RPC. The scanner
 * and jansson must say the same of every line without a NUL byte (which jansson takes for the end of the text), and what
 * is built from a line, and read as requests, must be what jansson's tree says.
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

/* What is read of a member must be what JSON-RPC 2.0 makes of the same member in jansson's tree. */
static void compare(struct request *request, const json_t *member)
{
        const json_t *id = json_object_get(member, "id"), *params = json_object_get(member, "params");
        const json_t *method = json_object_get(member, "method"),
                     *version = json_object_get(member, "jsonrpc");
        bool id_is_kept = json_is_string(id) || json_is_number(id);
        bool fits = (!id || id_is_kept || json_is_null(id)) && json_is_string(method) &&
                    json_is_string(version) && strcmp(json_string_value(version), "2.0") == 0 &&
                    (!params || json_is_object(params) || json_is_array(params));

        check((request->id != NULL) == id_is_kept);
        if (request->id) {
                json_t *kept = json_loadb(request->id, request->id_length, JSON_DECODE_ANY, NULL);
                check(json_equal(kept, id));
                json_decref(kept);
        }
        check((request->method != NULL) == fits);
        if (!fits)
                return;
        check(strncmp(request->method, json_string_value(method), strlen(request->method)) == 0);
        check(strlen(request->method) == strlen(json_string_value(method)) ||
                strlen(request->method) > REQUEST_METHOD_MAX - 4);
        check(request->notification == !id && request->positional == json_is_array(params));
        check(json_is_object(params) ? json_equal(request_params(request), params)
                                     : json_object_size(request_params(request)) == 0);
}

static void look_at_requests(struct message *message, const char *line, size_t length)
{
        json_t *tree = json_loadb(line, length, JSON_DECODE_ANY, NULL);
        check(message->batch == json_is_array(tree));
        check(message->count == (message->batch ? json_array_size(tree) : 1));
        for (size_t i = 0; i < message->count; i++)
                compare(&message->requests[i], message->batch ? json_array_get(tree, i) : tree);
        json_decref(tree);
}

static void look_at_message(const char *line, size_t length)
{
        struct message_limits limits = { 1000, 32, 16, 0 };
        struct message *message = NULL;
        struct message_error error;
        int r = message_read(line, length, &limits, &message, &error);
        if (r == 0) {
                check(message->count >= 1 && message->count <= limits.members);
                look_at_requests(message, line, length);
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
