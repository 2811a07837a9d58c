/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over the files of a folder, as a test: what was found once is not forgotten. Prints its result
 * as Check does. An input that ends the program is the last one that was named.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/buffer.h"
#include "base/cleanup.h"

enum { SECONDS_MAX = 20 }; /* an input */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int is_input(const struct dirent *entry)
{
        return entry->d_name[0] != '.';
}

/* In memory of exactly its size, so that a look past its end is seen. */
static uint8_t *input_load(const char *path, size_t *size)
{
        FILE *file = fopen(path, "re");
        uint8_t *bytes = NULL;
        long length;

        if (file && fseek(file, 0, SEEK_END) == 0 && (length = ftell(file)) >= 0 &&
                fseek(file, 0, SEEK_SET) == 0) {
                *size = (size_t)length;
                bytes = xmalloc(*size);
                if (fread(bytes, 1, *size, file) != *size) {
                        free(bytes);
                        bytes = NULL;
                }
        }
        if (file)
                fclose(file);
        return bytes;
}

static bool replay(const char *folder, const char *name)
{
        _cleanup_(freep) char *path = xasprintf("%s/%s", folder, name);
        _cleanup_(freep) uint8_t *bytes = NULL;
        size_t size;

        fprintf(stderr, "%s\n", path);
        bytes = input_load(path, &size);
        if (!bytes)
                return false;
        alarm(SECONDS_MAX);
        LLVMFuzzerTestOneInput(bytes, size);
        alarm(0);
        return true;
}

int main(int argc, char **argv)
{
        struct dirent **entries;
        int count = argc == 2 ? scandir(argv[1], &entries, is_input, alphasort) : -1, failed = 0;

        if (count <= 0) {
                fprintf(stderr, "usage: %s FOLDER, with inputs in it\n", argv[0]);
                return 2;
        }
        for (int i = 0; i < count; i++) {
                failed += !replay(argv[1], entries[i]->d_name);
                free(entries[i]);
        }
        free(entries);
        printf("%d%%: Checks: %d, Failures: %d, Errors: 0\n", (count - failed) * 100 / count, count, failed);
        return failed != 0;
}
