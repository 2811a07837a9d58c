/* SPDX-License-Identifier: Apache-2.0 */
#include "door/fold.h"
char *fold_registration(struct fold *fold, const struct registration_row *row)
{
        (void)fold;
        return xstrdup(row->name ? row->name : "");
}
