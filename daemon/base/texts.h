/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts that many rows say alike, kept once: each is counted, and goes with the last who took it. The pool outlives its owner
 * for as long as anybody holds a text of it. Any thread may take and drop.
 */
#pragma once

struct texts;

struct texts *texts_new(void);
/* The owner lets go. */
struct texts *texts_free(struct texts *texts);
/* The same text, kept here; to be given back with text_drop. */
const char *texts_take(struct texts *texts, const char *text);
/* A text that texts_take returned. */
void text_drop(const char *text);
