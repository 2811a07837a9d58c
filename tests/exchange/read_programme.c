/* SPDX-License-Identifier: Apache-2.0 */
/* read_programme FILE.xml|FILE.json: the model as one line of JSON, for the counts in count_programmes.py. */
#include <stdio.h>
#include <string.h>
#include "base/cleanup.h"
#include "exchange/frab_json.h"
#include "exchange/frab_xml.h"
#include "programme_dump.h"

int main(int argc, char **argv)
{
        _cleanup_(buffer_deinit) struct buffer bytes = BUFFER_NULL;
        _cleanup_(buffer_deinit) struct buffer dump = BUFFER_NULL;
        const struct programme_file_options options = { NULL, 0 };
        struct programme_file file;
        int r;

        if (argc != 2 || !file_load(argv[1], &bytes))
                return 2;
        programme_file_init(&file);
        if (strlen(argv[1]) > 4 && strcmp(argv[1] + strlen(argv[1]) - 4, ".xml") == 0)
                r = frab_xml_read(buffer_text(&bytes), bytes.length, &options, &file);
        else
                r = frab_json_read(buffer_text(&bytes), bytes.length, &options, &file);
        if (r) {
                fprintf(stderr, "%s: outcome %d, line %d: %s\n", argv[1], r, file.error_line,
                        file.error ? file.error : "");
        } else {
                programme_dump(&file, &dump);
                puts(buffer_text(&dump));
        }
        programme_file_deinit(&file);
        return r ? 1 : 0;
}
