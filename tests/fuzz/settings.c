/* SPDX-License-Identifier: Apache-2.0 */
/* A settings file as somebody may have written it: it is taken, or each complaint is one line that names its place. */
#include "settings/settings.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
        if (!holds)
                abort();
}

static void look_at_complaints(const char *why, const char *path)
{
        check(*why != '\0');
        for (const char *line = why, *end; *line; line = end + 1) {
                end = strchr(line, '\n');
                check(end && strncmp(line, path, strlen(path)) == 0);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct settings settings = SETTINGS_NULL;
        struct buffer why = BUFFER_NULL;
        char path[32];
        char *const argv[] = { (char[]){ "usherd" }, (char[]){ "-c" }, path, (char[]){ "check-config" },
                NULL };
        int fd = memfd_create("settings", MFD_CLOEXEC), r;

        check(fd >= 0 && write(fd, data, size) == (ssize_t)size);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        r = settings_read(&settings, 4, argv, &why);
        check(r == 0 || r == SETTINGS_E_INVALID);
        if (r)
                look_at_complaints(buffer_text(&why), path);
        settings_deinit(&settings);
        buffer_deinit(&why);
        close(fd);
        return 0;
}
