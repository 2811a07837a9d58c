/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the simple nouns share: put, get, list and delete of a row of an event. A noun is declared as data; its file
 * adds what is its own (checks, references) and its tables of parameters.
 */
#pragma once

#include "api/call.h"

struct noun {
        const struct record *record; /* its kind is the parameter's name too */
        const char *plural; /* of list's result */
        bool of_family; /* rooms and speakers: ids unique among co-located events, listed by all */
        bool of_programme; /* a change of it is a step of the family's programme */
        const struct rowset *(*rows)(const struct event_state *event);
        /* Fills the defaults of a put (NULL: none). */
        void (*defaults)(void *row);
        /* Checks what the table cannot; answers the call and returns false when it does not fit (NULL: nothing). */
        bool (*check)(struct call *call, const void *row, const void *before);
        /* Rows that refer to it, at most 10 (NULL: nothing does). */
        size_t (*references)(
                const struct event_state *event, const struct row *row, const struct row *by[static 10]);
        /* Claims what a change of it depends on beside the programme (NULL: nothing). */
        void (*claim)(struct call *call);
        /* Adds to the batch what follows from the change (NULL: nothing). */
        void (*changed)(struct call *call, struct batch *batch, const void *row, const void *before);
};

/* Handlers, called from each noun's own one-line functions. */
void noun_put(struct call *call, const struct noun *noun);
void noun_get(struct call *call, const struct noun *noun);
void noun_list(struct call *call, const struct noun *noun);
void noun_delete(struct call *call, const struct noun *noun);

/* The live object as this event sees it. */
const void *noun_find(const struct noun *noun, const struct event_state *event, const char *id);
/* Every change of a family's programme replaces its step: two daemons cannot decide beside each other. */
void programme_step_add(struct batch *batch, const struct family *family);

/* Declares the four handlers of a noun: NOUN_HANDLERS(room, room_noun). */
#define NOUN_HANDLERS(name, noun)                                                                            \
        static void name##_put(struct call *call)                                                            \
        {                                                                                                    \
                noun_put(call, &noun);                                                                       \
        }                                                                                                    \
        static void name##_get(struct call *call)                                                            \
        {                                                                                                    \
                noun_get(call, &noun);                                                                       \
        }                                                                                                    \
        static void name##_list(struct call *call)                                                           \
        {                                                                                                    \
                noun_list(call, &noun);                                                                      \
        }                                                                                                    \
        static void name##_delete(struct call *call)                                                         \
        {                                                                                                    \
                noun_delete(call, &noun);                                                                    \
        }                                                                                                    \
        struct swallow_semicolon

extern const char *const put_errors[], *const get_errors[], *const delete_errors[];

/* The four method rows of a noun. */
#define NOUN_METHODS(name, least_role, put_summary)                                                          \
        const struct method name##_put_method = { #name ".put", least_role, put_summary,                     \
                METHOD_CHANGES | METHOD_EVENT, put_params, object_result, put_errors, name##_put, NULL };    \
        const struct method name##_get_method = { #name ".get", ROLE_DOOR, "answers with one " #name,        \
                METHOD_EVENT, get_params, object_result, get_errors, name##_get, NULL };                     \
        const struct method name##_list_method = { #name ".list", ROLE_DOOR, "lists them in order of id",    \
                METHOD_EVENT, list_params, list_result, get_errors, name##_list, NULL };                     \
        const struct method name##_delete_method = { #name ".delete", least_role,                            \
                "deletes one that nothing refers to", METHOD_CHANGES | METHOD_EVENT, delete_params,          \
                result_deleted, delete_errors, name##_delete, NULL }
