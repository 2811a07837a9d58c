/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nonces of the latest scans recorded here. It only says where it is worth looking: the log knows for certain, so
 * old ones are overwritten, and what it takes for one may be another.
 */
#pragma once

#include <stdbool.h>
#include "base/uuid.h"

struct nonces;

struct nonces *nonces_new(void);
struct nonces *nonces_free(struct nonces *nonces);
/* What a nonce is known by here, for whoever will ask for it more than once. */
uint64_t nonces_hash(const struct uuid *family, const struct uuid *nonce);
void nonces_add(struct nonces *nonces, uint64_t hash);
/* Its place will be looked at, or be taken: fetches it. See base/fetch.h. */
void nonces_prefetch(const struct nonces *nonces, uint64_t hash);
bool nonces_may_have(const struct nonces *nonces, uint64_t hash);
