/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody holds before a scanner, whatever system it is of. One that is of our form is told by its digest, whatever its case and blanks. */
#include "door/credential.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base/buffer.h"
#include "door/code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
        if (!holds)
                abort();
}

/* The canonical text of what was read, made of what was given. */
static void look_at_canonical(const char *text, const struct credential_read *read)
{
        char canonical[CREDENTIAL_TEXT + 1];
        uint8_t digest[CREDENTIAL_DIGEST];
        struct credential_read again;
        size_t length = 0;

        for (const char *c = text; *c; c++) {
                if (isspace((unsigned char)*c))
                        continue;
                check(length < CREDENTIAL_TEXT);
                canonical[length++] = (char)toupper((unsigned char)*c);
        }
        check(length == CREDENTIAL_TEXT);
        canonical[length] = '\0';
        credential_digest(canonical, digest);
        check(memcmp(digest, read->digest, sizeof(digest)) == 0);
        check(credential_parse(canonical, &again) == 0);
        check(memcmp(again.digest, read->digest, sizeof(digest)) == 0);
}

/* What is not of our form may be another system's code, which stands as it is folded. */
static void look_at_code(const char *text)
{
        char folded[CODE_MAX + 1], again[CODE_MAX + 1];
        size_t length = code_fold(text, folded);

        check(length <= CODE_MAX);
        if (length)
                check(strlen(folded) == length && code_fold(folded, again) == length &&
                        strcmp(folded, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const uint8_t nobody[32];
        struct credential_read read;
        char *text = xstrndup((const char *)data, size);
        int r = credential_parse(text, &read);

        check(r == 0 || r == CREDENTIAL_E_FORM);
        if (r == 0) {
                look_at_canonical(text, &read);
                check(strlen(read.content.registration) <= CREDENTIAL_CODE_MAX);
                check(credential_kind_word(read.content.kind) != NULL);
                check(credential_verify(&read, nobody) == CREDENTIAL_E_SIGNATURE);
        }
        look_at_code(text);
        free(text);
        return 0;
}
