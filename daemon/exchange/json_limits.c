/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange/json_limits.h"

#include <stdbool.h>
#include <string.h>

/* Behind the quote that ends a text which began before `i`. */
static size_t text_end(const char *bytes, size_t length, size_t i)
{
        while (i < length && bytes[i] != '"')
                i += bytes[i] == '\\' ? 2 : 1;
        return i + 1;
}

int json_limits_check(const char *bytes, size_t length, struct programme_file *out)
{
        size_t values = 1, depth = 0;
        int line = 1;

        if (length > PROGRAMME_FILE_BYTES)
                return programme_file_fail(out, PROGRAMME_FILE_E_LIMIT, 0, "larger than 64 MiB");
        if (memchr(bytes, '\0', length))
                return programme_file_fail(out, PROGRAMME_FILE_E_SYNTAX, 0, "there is a NUL in it");
        for (size_t i = 0; i < length; i++) {
                char c = bytes[i];

                if (c == '"') {
                        i = text_end(bytes, length, i + 1) - 1;
                } else if (c == '\n') {
                        line++;
                } else if (c == '[' || c == '{') {
                        depth++;
                        values++;
                } else if (c == ',') {
                        values++;
                } else if ((c == ']' || c == '}') && depth > 0) {
                        depth--;
                }
                if (depth > PROGRAMME_FILE_NESTING)
                        return programme_file_fail(out, PROGRAMME_FILE_E_LIMIT, line, "nested too deep");
                if (values > PROGRAMME_FILE_NODES)
                        return programme_file_fail(out, PROGRAMME_FILE_E_LIMIT, line, "too many values");
        }
        return 0;
}
