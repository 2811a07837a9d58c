/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How functions fail.
 *
 * A function that can fail returns int. 0: done. Negative (-errno): fatal to what was asked, traced where it
 * arises (error_origin) and on its way (error_fold), forwarded unchanged. Positive: an outcome the module
 * documents in an enum of its own (FRAME_E_MORE…), which the caller handles.
 */
#pragma once

#include <errno.h>

/* Trace `r` (negative errno) as arising here; returns it. */
#define error_origin(r) error_trace_at((r), __FILE__, __LINE__, __func__)
/* Trace `r` as passing through here when it is negative; returns it folded so that only 0 and negatives leave. */
#define error_fold(r) error_fold_at((r), __FILE__, __LINE__, __func__)

int error_trace_at(int r, const char *file, int line, const char *function);
int error_fold_at(int r, const char *file, int line, const char *function);
