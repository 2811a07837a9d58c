/* SPDX-License-Identifier: Apache-2.0 */
/* Codes that people read and type: the short code of a registration, and plain codes of other systems. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CODE_LENGTH = 8, CODE_MAX = 1200 };

/* A registration's short code from 40 random bits: 8 characters of 0-9A-Z without I, L, O, U. Nobody else may have it: look. */
void code_make(char out[static CODE_LENGTH + 1]);
/* Whether the text, case and blanks aside, has the form of a short code; `out` then holds it as it is stored. */
bool code_read(const char *text, char out[static CODE_LENGTH + 1]);

/*
 * A plain code as it is stored and compared: upper case, blanks of any script left out. Returns its length; 0: it
 * is empty, or longer than CODE_MAX bytes, or not UTF-8.
 */
size_t code_fold(const char *text, char out[static CODE_MAX + 1]);
