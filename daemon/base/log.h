/* SPDX-License-Identifier: Apache-2.0 */
/* The log: one line a message on standard error, with sd-daemon's level prefix when the journal reads it. */
#pragma once

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* The threshold is the process's only global state. `journal`: prefix lines with <3>…<7> (see sd-daemon(3)). */
void log_setup(enum log_level threshold, int journal);
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)
