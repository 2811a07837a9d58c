/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order in which one peer's requests begin (enum wire_order). A gate holds every unfinished request of a peer;
 * those of WIRE_ORDER_FREE wait for logins alone, and nothing waits for them.
 *
 * Among the ordered ones none can pass one that waits: whatever holds the first back holds back all behind it. So
 * they stand in one queue whose head is judged by what is under way, and no queue is ever walked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include "wire/wire.h"

struct gate_entry {
        TAILQ_ENTRY(gate_entry) link;
        enum wire_order order;
        bool begun;
        uint64_t number; /* by arrival */
};

TAILQ_HEAD(gate_queue, gate_entry);

struct gate {
        struct gate_queue ordered, free; /* waiting */
        size_t under_way[WIRE_ORDER_LOGIN + 1];
        size_t count; /* waiting or under way */
        uint64_t next; /* number of the next to come */
        uint64_t login; /* number of the earliest unfinished login; 0: none */
};

void gate_init(struct gate *gate);
void gate_add(struct gate *gate, struct gate_entry *entry, enum wire_order order);
/* The earliest that may begin, now under way; NULL: none may. */
struct gate_entry *gate_next(struct gate *gate);
/* One that was under way is answered. */
void gate_finish(struct gate *gate, struct gate_entry *entry);
/* Whether a login is unanswered: what follows it is not read. */
bool gate_has_login(const struct gate *gate);
