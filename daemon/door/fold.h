/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "door/rows.h"
enum { FOLD_VERSION = 1 };
struct fold;
char *fold_registration(struct fold *fold, const struct registration_row *row);
