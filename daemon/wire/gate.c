/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/gate.h"

void gate_init(struct gate *gate)
{
        *gate = (struct gate){ .next = 1 };
        TAILQ_INIT(&gate->ordered);
        TAILQ_INIT(&gate->free);
}

void gate_add(struct gate *gate, struct gate_entry *entry, enum wire_order order)
{
        entry->order = order;
        entry->begun = false;
        entry->number = gate->next++;
        gate->count++;
        if (order == WIRE_ORDER_FREE)
                TAILQ_INSERT_TAIL(&gate->free, entry, link);
        else
                TAILQ_INSERT_TAIL(&gate->ordered, entry, link);
        if (order == WIRE_ORDER_LOGIN && gate->login == 0)
                gate->login = entry->number;
}

static bool gate_admits(const struct gate *gate, const struct gate_entry *entry)
{
        const size_t *now = gate->under_way;
        if (gate->login && gate->login < entry->number)
                return false;
        size_t changes = now[WIRE_ORDER_CHANGE], scans = now[WIRE_ORDER_SCAN], reads = now[WIRE_ORDER_READ];
        switch (entry->order) {
        case WIRE_ORDER_FREE:
                return true;
        case WIRE_ORDER_READ:
                return changes + scans == 0;
        case WIRE_ORDER_SCAN:
                return changes + reads == 0;
        case WIRE_ORDER_CHANGE:
        case WIRE_ORDER_LOGIN:
                return changes + scans + reads == 0;
        }
        return false;
}

struct gate_entry *gate_next(struct gate *gate)
{
        struct gate_entry *ordered = TAILQ_FIRST(&gate->ordered), *free = TAILQ_FIRST(&gate->free);
        if (ordered && !gate_admits(gate, ordered))
                ordered = NULL;
        if (free && !gate_admits(gate, free))
                free = NULL;
        struct gate_entry *entry = free;
        if (ordered && (!free || ordered->number < free->number))
                entry = ordered;
        if (!entry)
                return NULL;
        TAILQ_REMOVE(entry == free ? &gate->free : &gate->ordered, entry, link);
        entry->begun = true;
        gate->under_way[entry->order]++;
        return entry;
}

void gate_finish(struct gate *gate, struct gate_entry *entry)
{
        gate->count--;
        gate->under_way[entry->order]--;
        if (gate->login != entry->number)
                return;
        gate->login = 0;
        struct gate_entry *other;
        TAILQ_FOREACH(other, &gate->ordered, link)
        {
                if (other->order == WIRE_ORDER_LOGIN) {
                        gate->login = other->number;
                        return;
                }
        }
}

bool gate_has_login(const struct gate *gate)
{
        return gate->login != 0;
}
