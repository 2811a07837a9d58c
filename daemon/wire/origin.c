/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "base/buffer.h"
#include "wire/origin.h"

static uint64_t origin_hash(const void *entry)
{
        return hash_text(((const struct origin *)entry)->name, 0);
}

static bool origin_equal(const void *entry, const void *key)
{
        return strcmp(((const struct origin *)entry)->name, key) == 0;
}

void origins_init(struct table *origins)
{
        table_init(origins, origin_hash, origin_equal);
}

void origin_name(const struct sockaddr *address, unsigned uid, char name[static INET6_ADDRSTRLEN])
{
        const void *in4 = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
        const struct in6_addr *in6 = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        if (address->sa_family == AF_INET)
                inet_ntop(AF_INET, in4, name, INET6_ADDRSTRLEN);
        else if (address->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(in6))
                inet_ntop(AF_INET, &in6->s6_addr[12], name, INET6_ADDRSTRLEN);
        else if (address->sa_family == AF_INET6)
                inet_ntop(AF_INET6, in6, name, INET6_ADDRSTRLEN);
        else
                snprintf(name, INET6_ADDRSTRLEN, "uid:%u", uid);
}

struct origin *origin_take(struct table *origins, const char *name)
{
        struct origin *origin = table_find(origins, hash_text(name, 0), name);
        if (!origin) {
                origin = xcalloc(1, sizeof *origin);
                snprintf(origin->name, sizeof origin->name, "%s", name);
                table_add(origins, origin);
        }
        origin->peers++;
        return origin;
}

void origin_drop(struct table *origins, struct origin *origin)
{
        if (--origin->peers > 0)
                return;
        table_remove(origins, origin);
        free(origin);
}
