/* SPDX-License-Identifier: Apache-2.0 */
#include "api/nonces.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/fetch.h"
#include "base/table.h"

enum { SLOTS = 1 << 16 };

struct nonces {
        uint64_t slots[SLOTS]; /* hashes; 0: free */
};

struct nonces *nonces_new(void)
{
        return xcalloc(1, sizeof(struct nonces));
}

struct nonces *nonces_free(struct nonces *nonces)
{
        free(nonces);
        return NULL;
}

uint64_t nonces_hash(const struct uuid *family, const struct uuid *nonce)
{
        struct uuid both[] = { *family, *nonce };

        return hash_bytes(both, sizeof(both), 0) | 1;
}

void nonces_add(struct nonces *nonces, uint64_t hash)
{
        nonces->slots[(hash >> 16) % SLOTS] = hash;
}

void nonces_prefetch(const struct nonces *nonces, uint64_t hash)
{
        fetch_ahead(&nonces->slots[(hash >> 16) % SLOTS], sizeof(*nonces->slots));
}

bool nonces_may_have(const struct nonces *nonces, uint64_t hash)
{
        return nonces->slots[(hash >> 16) % SLOTS] == hash;
}
