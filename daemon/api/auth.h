/* SPDX-License-Identifier: Apache-2.0 */
/* Words that auth.* and token.* share. */
#pragma once

extern const char *const role_word_list[];
