/* SPDX-License-Identifier: Apache-2.0 */
/* usher import schedule FILE… | usher import registrations FILE.csv */
#include "client/import.h"

#include <string.h>
#include "base/cleanup.h"

int import_run(struct usher *usher)
{
        _cleanup_(buffer_deinit) struct buffer why = BUFFER_NULL;
        const char *what;

        if (options_parse_import(&usher->options, &why))
                return usher_misused("%s", buffer_text(&why));
        what = usher->options.word_count > 1 ? usher->options.words[1] : "";
        if (strcmp(what, "schedule") == 0) {
                if (usher->options.word_count < 3)
                        return usher_misused("import schedule needs a file");
                return import_schedule(usher);
        }
        if (strcmp(what, "registrations") == 0) {
                if (usher->options.word_count != 3)
                        return usher_misused("import registrations needs one file");
                if (!usher->options.event)
                        return usher_misused("import registrations needs an event: -e EVENT");
                return import_registrations(usher);
        }
        return usher_misused("import what? schedule FILE..., or registrations FILE.csv");
}
