/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chain of the log: each scan's hash covers what the log says of it and the hash before it, so that no row can be
 * changed, taken out or put in without breaking all that follow. A chain is one writer's, in the order of its numbers.
 * After Haber and Stornetta, How to Time-Stamp a Digital Document (1991); hashed with BLAKE2b (RFC 7693).
 *
 * What a person may have erased (why somebody was let in all the same) is kept beside the log, outside the chain. Outside
 * it, too, is the key of a presence (door/presence.h): it is made of what the chain holds, and usher.audit() compares it.
 */
#pragma once

#include "store/store.h"

/* The hash that follows `head` (all zero before the first), from the scan's own members, its place among them. */
void chain_next(const uint8_t head[static CHAIN_BYTES], const struct scan_row *scan,
        uint8_t hash[static CHAIN_BYTES]);
