/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static enum log_level log_threshold = LOG_LEVEL_INFO;
static int log_journal;

void log_setup(enum log_level threshold, int journal)
{
        log_threshold = threshold;
        log_journal = journal;
}

void log_write(enum log_level level, const char *format, ...)
{
        static const char *const words[] = { "error: ", "warning: ", "", "debug: " };
        static const char *const priorities[] = { "<3>", "<4>", "<6>", "<7>" };
        char line[4096];
        int length, more;
        va_list arguments;

        if (level > log_threshold)
                return;
        length = snprintf(line, sizeof(line), "%s", log_journal ? priorities[level] : words[level]);
        va_start(arguments, format);
        more = vsnprintf(line + length, sizeof(line) - (size_t)length - 1, format, arguments);
        va_end(arguments);
        if (more < 0)
                return;
        length += more;
        if ((size_t)length > sizeof(line) - 2)
                length = sizeof(line) - 2;
        line[length++] = '\n';
        /* One write a line: lines of several threads and processes do not mix. */
        if (write(STDERR_FILENO, line, (size_t)length) < 0)
                return;
}
