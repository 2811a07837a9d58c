/* SPDX-License-Identifier: Apache-2.0 */
#include "client/params.h"

#include <string.h>
#include "base/cleanup.h"

static json_t *value_parse(const char *name, const char *text, bool as_json, struct buffer *why)
{
        json_error_t error;
        json_t *value;

        if (!as_json) {
                value = json_string(text);
                if (!value)
                        buffer_addf(why, "%s: the text is not UTF-8", name);
                return value;
        }
        value = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
        if (!value)
                buffer_addf(why, "%s: not JSON: %s (a text is given as %s=TEXT)", name, error.text, name);
        return value;
}

static int word_parse(const char *word, json_t *params, struct buffer *why)
{
        const char *equals = strchr(word, '=');
        bool as_json = equals && equals > word && equals[-1] == ':';
        _cleanup_(freep) char *name = NULL;
        json_t *value;

        if (!equals || equals == word + as_json) {
                buffer_addf(why,
                        *word == '-' ? "%s: options stand before the word"
                                     : "\"%s\" is neither name=text nor name:=json",
                        word);
                return PARAMS_E_USAGE;
        }
        name = xstrndup(word, (size_t)(equals - word) - as_json);
        if (json_object_get(params, name)) {
                buffer_addf(why, "%s is given twice", name);
                return PARAMS_E_USAGE;
        }
        value = value_parse(name, equals + 1, as_json, why);
        if (!value)
                return PARAMS_E_USAGE;
        if (json_object_set_new(params, name, value) < 0) {
                buffer_addf(why, "\"%s\": the name is not UTF-8", word);
                return PARAMS_E_USAGE;
        }
        return 0;
}

int params_parse(char *const *words, int count, json_t *params, struct buffer *why)
{
        for (int i = 0; i < count; i++) {
                int r = word_parse(words[i], params, why);

                if (r)
                        return r;
        }
        return 0;
}
