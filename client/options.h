/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of usher: options stand before the word, the rest belongs to the word. */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include "base/buffer.h"

enum {
        EXIT_ANSWERED = 0,
        EXIT_REFUSED = 1, /* an error answer, or rows of an import refused */
        EXIT_USAGE = 2,
        EXIT_NO_CONNECTION = 3,
};

enum output { OUTPUT_DEFAULT, OUTPUT_JSON, OUTPUT_TABLE };

struct options {
        const char *server, *token, *token_file, *event; /* borrowed; NULL where not given, but for server */
        enum output output;
        bool dry_run, help, version;
        char **words; /* the word and what follows it; NULL-terminated */
        int word_count;
};

enum { OPTIONS_E_USAGE = 1 };

/* The environment first, then the line over it. OPTIONS_E_USAGE: `why` says what is wrong. */
int options_parse(int argc, char **argv, const char *(*environment)(const char *name),
        struct options *options, struct buffer *why);
/*
 * What may follow an import's word: `--dry-run` anywhere, `--` before names that begin with a hyphen. Leaves the rest in `words`.
 */
int options_parse_import(struct options *options, struct buffer *why);
void options_help(FILE *out);
