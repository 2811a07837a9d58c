/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <string.h>

#include "base/log.h"

int error_trace_at(int r, const char *file, int line, const char *function)
{
        if (r < 0)
                log_debug("%s at %s:%d, %s()", strerror(-r), file, line, function);
        return r;
}

int error_fold_at(int r, const char *file, int line, const char *function)
{
        if (r > 0)
                r = -ENOTRECOVERABLE;
        return error_trace_at(r, file, line, function);
}
