/* SPDX-License-Identifier: Apache-2.0 */
#include "door/keys.h"

#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"

enum { SEED_BYTES = crypto_sign_SEEDBYTES, NONCE_BYTES = crypto_secretbox_NONCEBYTES };

void signing_key_make(struct signing_key *key)
{
        crypto_sign_keypair(key->public_key, key->secret_key);
}

void signing_key_deinit(struct signing_key *key)
{
        sodium_memzero(key, sizeof(*key));
}

void signing_key_seal(const struct signing_key *key, const uint8_t file_key[static KEY_FILE_BYTES],
        uint8_t sealed[static KEY_SEALED_BYTES])
{
        uint8_t seed[SEED_BYTES];

        crypto_sign_ed25519_sk_to_seed(seed, key->secret_key);
        randombytes_buf(sealed, NONCE_BYTES);
        crypto_secretbox_easy(sealed + NONCE_BYTES, seed, sizeof(seed), sealed, file_key);
        sodium_memzero(seed, sizeof(seed));
}

int signing_key_unseal(struct signing_key *key, const struct bytes *public_key, const struct bytes *sealed,
        const uint8_t file_key[static KEY_FILE_BYTES])
{
        uint8_t seed[SEED_BYTES];
        int r = 0;

        if (sealed->length != KEY_SEALED_BYTES || public_key->length != sizeof(key->public_key))
                return KEYS_E_SEALED;
        if (crypto_secretbox_open_easy(seed, sealed->data + NONCE_BYTES, sealed->length - NONCE_BYTES,
                    sealed->data, file_key) != 0)
                return KEYS_E_SEALED;
        crypto_sign_seed_keypair(key->public_key, key->secret_key, seed);
        if (memcmp(key->public_key, public_key->data, sizeof(key->public_key)) != 0) {
                signing_key_deinit(key);
                r = KEYS_E_SEALED;
        }
        sodium_memzero(seed, sizeof(seed));
        return r;
}

/* The name is durable only once its directory is. */
static int directory_sync(const char *path)
{
        _cleanup_(freep) char *directory = xstrdup(path);
        char *slash = strrchr(directory, '/');
        _cleanup_(closep) int fd = -1;

        if (slash)
                slash[slash == directory] = '\0';
        fd = open(slash ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || fsync(fd) < 0)
                return error_origin(-errno);
        return 0;
}

int key_file_make(const char *path, uint8_t file_key[static KEY_FILE_BYTES])
{
        _cleanup_(closep) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        int r;

        if (fd < 0)
                return errno == EEXIST ? KEYS_E_EXISTS : error_origin(-errno);
        randombytes_buf(file_key, KEY_FILE_BYTES);
        errno = EIO; /* what a short write would leave unsaid */
        if (fchmod(fd, 0600) < 0 || write(fd, file_key, KEY_FILE_BYTES) != KEY_FILE_BYTES || fsync(fd) < 0) {
                r = error_origin(-errno);
                unlink(path);
                return r;
        }
        return error_fold(directory_sync(path));
}

int key_file_read(const char *path, uint8_t file_key[static KEY_FILE_BYTES])
{
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        struct stat stat;

        if (fd < 0 && errno == ENOENT)
                return KEYS_E_MISSING;
        if (fd < 0 && errno == ELOOP)
                return KEYS_E_DAMAGED;
        if (fd < 0 || fstat(fd, &stat) < 0)
                return error_origin(-errno);
        if (!S_ISREG(stat.st_mode))
                return KEYS_E_DAMAGED;
        if ((stat.st_mode & 077) || stat.st_uid != geteuid())
                return KEYS_E_EXPOSED;
        if (stat.st_size != KEY_FILE_BYTES || read(fd, file_key, KEY_FILE_BYTES) != KEY_FILE_BYTES)
                return KEYS_E_DAMAGED;
        return 0;
}
