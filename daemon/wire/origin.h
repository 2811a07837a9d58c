/* SPDX-License-Identifier: Apache-2.0 */
/* Where peers come from ("203.0.113.7", "uid:1000"), and how many are there from each. */
#pragma once

#include <netinet/in.h>
#include <stddef.h>
#include "base/table.h"

struct sockaddr;

struct origin {
        char name[INET6_ADDRSTRLEN];
        size_t peers;
};

void origins_init(struct table *origins);
/* "uid:1000" of a Unix peer, else the address without port; an IPv4 address in IPv6 clothes as IPv4. */
void origin_name(const struct sockaddr *address, unsigned uid, char name[static INET6_ADDRSTRLEN]);
/* One peer more from there; how many there are now stands in the origin. */
struct origin *origin_take(struct table *origins, const char *name);
void origin_drop(struct table *origins, struct origin *origin);
