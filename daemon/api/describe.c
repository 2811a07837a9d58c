/* SPDX-License-Identifier: Apache-2.0 */
#include "api/describe.h"

#include <string.h>

#include "api/login.h"
#include "api/validate.h"

#define RFC3339_PATTERN                                                                                      \
        "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt "                                                                    \
        "][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$"

static void write_schema(const struct param *param, bool result, struct jsonout *out);

static void write_object(const struct param *const *tables, bool result, struct jsonout *out)
{
        json_member_text(out, "type", "object");
        json_name(out, "properties");
        json_begin_object(out);
        for (size_t i = 0; tables[i]; i++)
                for (const struct param *p = tables[i]; p->name; p++) {
                        json_name(out, p->name);
                        write_schema(p, result, out);
                }
        json_end_object(out);
        json_name(out, "required");
        json_begin_array(out);
        for (size_t i = 0; tables[i]; i++)
                for (const struct param *p = tables[i]; p->name; p++)
                        if (p->flags & PARAM_REQUIRED)
                                json_text(out, p->name);
        json_end_array(out);
        json_member_bool(out, "additionalProperties", false);
}

static void write_string(const char *pattern, const char *format, struct jsonout *out)
{
        json_member_text(out, "type", "string");
        if (pattern)
                json_member_text(out, "pattern", pattern);
        if (format)
                json_member_text(out, "format", format);
}

static void write_words(const char *const *words, struct jsonout *out)
{
        json_name(out, "enum");
        json_begin_array(out);
        for (; *words; words++)
                json_text(out, *words);
        json_end_array(out);
}

static void write_text(const struct param *param, bool result, struct jsonout *out)
{
        json_member_text(out, "type", "string");
        if (result)
                return;
        if (param->min > 0)
                json_member_int(out, "minLength", param->min);
        json_member_int(out, "maxLength", param->max ? param->max : PARAM_TEXT_MAX);
}

static void write_array(const struct param *param, bool result, struct jsonout *out)
{
        json_member_text(out, "type", "array");
        json_name(out, "items");
        write_schema(param->items, result, out);
        if (param->min)
                json_member_int(out, "minItems", param->min);
        if (param->max)
                json_member_int(out, "maxItems", param->max);
}

static void write_map(const struct param *param, bool result, struct jsonout *out)
{
        json_member_text(out, "type", "object");
        if (param->words) {
                json_name(out, "propertyNames");
                json_begin_object(out);
                write_words(param->words, out);
                json_end_object(out);
        }
        if (!result)
                json_member_int(out, "maxProperties", PARAM_MAP_MAX);
        json_name(out, "additionalProperties");
        write_schema(param->items, result, out);
}

static void write_choices(const struct param *param, bool result, struct jsonout *out)
{
        json_name(out, "anyOf");
        json_begin_array(out);
        for (const struct param *choice = param->members; choice->name; choice++)
                write_schema(choice, result, out);
        json_end_array(out);
}

static void write_type(const struct param *param, bool result, struct jsonout *out)
{
        const struct param *members[] = { param->members, NULL };

        switch (param->type) {
        case PARAM_SLUG:
                write_string("^[a-z0-9][a-z0-9._-]{0,63}$", NULL, out);
                break;
        case PARAM_TEXT:
                write_text(param, result, out);
                break;
        case PARAM_INT:
                json_member_text(out, "type", "integer");
                if (param->min || param->max) {
                        json_member_int(out, "minimum", param->min);
                        json_member_int(out, "maximum", param->max);
                }
                break;
        case PARAM_BOOL:
                json_member_text(out, "type", "boolean");
                break;
        case PARAM_INSTANT:
                write_string(RFC3339_PATTERN, "date-time", out);
                break;
        case PARAM_DATE:
                write_string("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "date", out);
                break;
        case PARAM_TIME:
                write_string("^([01][0-9]|2[0-3]):[0-5][0-9]$", NULL, out);
                break;
        case PARAM_UUID:
                write_string("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", "uuid", out);
                break;
        case PARAM_WORD:
                write_words(param->words, out);
                break;
        case PARAM_PERIOD:
                json_member_text(out, "type", "array");
                json_member_raw(out, "items",
                        "{\"type\":\"string\",\"format\":\"date-time\",\"pattern\":\"" RFC3339_PATTERN "\"}");
                json_member_int(out, "minItems", 2);
                json_member_int(out, "maxItems", 2);
                break;
        case PARAM_ARRAY:
                write_array(param, result, out);
                break;
        case PARAM_OBJECT:
                write_object(members, result, out);
                break;
        case PARAM_MAP:
                write_map(param, result, out);
                break;
        case PARAM_ZONE:
        case PARAM_CURSOR:
                write_string(NULL, NULL, out);
                break;
        case PARAM_COLOUR:
                write_string("^#[0-9a-fA-F]{6}$", NULL, out);
                break;
        case PARAM_COUNTRY:
                write_string("^[A-Z]{2}$", NULL, out);
                break;
        case PARAM_NULL:
                json_member_text(out, "type", "null");
                break;
        case PARAM_ONE_OF:
                write_choices(param, result, out);
                break;
        case PARAM_ANY:
                break;
        }
}

/* A parameter may be null for "absent"; a result only where its table says so. */
static void write_schema(const struct param *param, bool result, struct jsonout *out)
{
        bool nullable =
                result ? (param->flags & PARAM_NULLABLE) : param->name && !(param->flags & PARAM_REQUIRED);

        if (param->type == PARAM_ANY || param->type == PARAM_NULL)
                nullable = false;
        json_begin_object(out);
        if (nullable) {
                json_name(out, "anyOf");
                json_begin_array(out);
                json_begin_object(out);
        }
        write_type(param, result, out);
        if (nullable) {
                json_end_object(out);
                json_raw(out, "{\"type\":\"null\"}");
                json_end_array(out);
        }
        if (param->fallback)
                json_member_raw(out, "default", param->fallback);
        if (param->summary)
                json_member_text(out, "description", param->summary);
        json_end_object(out);
}

/* What any method may answer with, in the order in which it is judged. */
static const char *const common_errors[] = { "unauthenticated", "forbidden", "invalid_params", "internal",
        "deadline", NULL };

static bool declares(const struct method *method, const char *kind)
{
        for (size_t i = 0; method->errors && method->errors[i]; i++)
                if (strcmp(method->errors[i], kind) == 0)
                        return true;
        return false;
}

static void write_errors(const struct method *method, struct jsonout *out)
{
        json_name(out, "errors");
        json_begin_array(out);
        for (size_t i = 0; common_errors[i]; i++)
                json_text(out, common_errors[i]);
        for (size_t i = 0; method->errors && method->errors[i]; i++)
                json_text(out, method->errors[i]);
        if (method_takes_key(method) && !declares(method, "exists")) /* a key used for something else */
                json_text(out, "exists");
        if (!(method->flags & METHOD_FREE) && !declares(method, "unavailable")) /* nothing is loaded yet */
                json_text(out, "unavailable");
        json_end_array(out);
}

void describe_method(const struct method *method, struct jsonout *out)
{
        static const struct param replayed[] = { { "replayed", PARAM_BOOL, 0, 0, 0, NULL, NULL, NULL, NULL,
                                                         "the first result of this request_key" },
                PARAM_END };
        const struct param *params[] = { method->params, envelope_deadline,
                method_takes_key(method) ? envelope_key : NULL, NULL };
        const struct param *result[] = { method->result, method_takes_key(method) ? replayed : NULL, NULL };

        json_begin_object(out);
        json_member_text(out, "role", role_word(method->role));
        json_member_text(out, "summary", method->summary);
        json_member_bool(out, "changes", (method->flags & (METHOD_CHANGES | METHOD_SCAN)) != 0);
        json_name(out, "params");
        json_begin_object(out);
        json_member_text(out, "$schema", "https://json-schema.org/draft/2020-12/schema");
        write_object(params, false, out);
        json_end_object(out);
        json_name(out, "result");
        json_begin_object(out);
        json_member_text(out, "$schema", "https://json-schema.org/draft/2020-12/schema");
        write_object(result, true, out);
        json_end_object(out);
        write_errors(method, out);
        json_end_object(out);
}
