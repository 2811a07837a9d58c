/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose a process is, as /proc tells. A child of a postmaster that was killed may go on for long: a backend in the
 * middle of a statement, or the startup process, which at the end of a recovery asks for a minute for a checkpoint that
 * nobody will make. As long as it does it holds the cluster's shared memory, and no other postmaster may start.
 */
#include "store/private.h"

#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/log.h"

enum { LOOK_AGAIN_MS = 10 };

/* Where the processes of a cluster are at home, in the words that /proc has for it. */
struct home {
        char data[PATH_MAX], program[PATH_MAX];
};

static bool read_link(pid_t pid, const char *name, char target[static PATH_MAX])
{
        char path[64];
        ssize_t length;

        snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
        length = readlink(path, target, PATH_MAX - 1);
        if (length < 0)
                return false;
        target[length] = '\0';
        return true;
}

/* The beginning of one of its files, as text. */
static bool read_file(pid_t pid, const char *name, char *text, size_t size)
{
        char path[64];
        size_t length;
        FILE *file;

        snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
        file = fopen(path, "re");
        if (!file)
                return false;
        length = fread(text, 1, size - 1, file);
        text[length] = '\0';
        fclose(file);
        return length > 0;
}

static bool lives_in(pid_t pid, const char *directory)
{
        char target[PATH_MAX];

        return read_link(pid, "cwd", target) && strcmp(target, directory) == 0;
}

bool process_is_postmaster(pid_t pid, const char *data)
{
        char target[PATH_MAX], real[PATH_MAX];
        const char *base;

        if (!pid || !realpath(data, real) || !lives_in(pid, real) || !read_link(pid, "exe", target))
                return false;
        base = strrchr(target, '/');
        return base && strncmp(base, "/postgres", strlen("/postgres")) == 0;
}

/* ---- orphans ---- */

static bool is_ours(pid_t pid)
{
        struct stat status;
        char path[32];

        snprintf(path, sizeof(path), "/proc/%d", (int)pid);
        return stat(path, &status) == 0 && status.st_uid == geteuid();
}

/* Also where the package was upgraded since: then the file that it runs bears no name any more. */
static bool runs_program(pid_t pid, const char *program)
{
        char target[PATH_MAX];
        size_t length = strlen(program);

        return read_link(pid, "exe", target) && strncmp(target, program, length) == 0 &&
               (!target[length] || strcmp(target + length, " (deleted)") == 0);
}

/* A postmaster's children are titled so; itself, and a postgres without one, are called as they were started. */
static bool has_childs_title(pid_t pid)
{
        static const char title[] = "postgres: ";
        char text[sizeof(title)];

        return read_file(pid, "cmdline", text, sizeof(text)) && strcmp(text, title) == 0;
}

/* 0: not to be told. The process's name, in brackets, may hold anything. */
static pid_t parent_of(pid_t pid)
{
        char text[512], *after;
        int parent;

        if (!read_file(pid, "stat", text, sizeof(text)))
                return 0;
        after = strrchr(text, ')');
        return after && sscanf(after, ") %*c %d", &parent) == 1 ? (pid_t)parent : 0;
}

static bool is_orphan(pid_t pid, const struct home *home)
{
        pid_t parent;

        if (!is_ours(pid) || !runs_program(pid, home->program) || !lives_in(pid, home->data) ||
                !has_childs_title(pid))
                return false;
        parent = parent_of(pid);
        return parent && !process_is_postmaster(parent, home->data);
}

/* Asked again once we hold the process itself: the number may have become another's in between. */
static void send_signal(pid_t pid, int number, const struct home *home)
{
        _cleanup_(closep) int process = pidfd_open(pid, 0);

        if (process >= 0 && is_orphan(pid, home))
                (void)pidfd_send_signal(process, number, NULL, 0);
}

/* How many there are; each is sent the signal. As of kill(2): 0 is none, and only looks. */
static size_t signal_orphans(const struct home *home, int number)
{
        DIR *all = opendir("/proc");
        struct dirent *one;
        size_t count = 0;

        while (all && (one = readdir(all))) {
                pid_t pid = (pid_t)strtol(one->d_name, NULL, 10); /* 0: no process */

                if (!pid || !is_orphan(pid, home))
                        continue;
                count++;
                if (number)
                        send_signal(pid, number, home);
        }
        if (all)
                closedir(all);
        return count;
}

static bool are_gone_within(const struct home *home, int64_t ms)
{
        int64_t until = clock_monotonic_us() + ms * INSTANT_SECOND / 1000;

        while (signal_orphans(home, 0)) {
                if (clock_monotonic_us() > until)
                        return false;
                nanosleep(&(struct timespec){ 0, LOOK_AGAIN_MS * 1000000 }, NULL);
        }
        return true;
}

void processes_end_orphans(const char *data, const char *program)
{
        static const struct {
                int signal;
                const char *how;
                int64_t wait_ms;
        } steps[] = {
                /* An immediate shutdown, as their postmaster would have made them: the next recovers. */
                { SIGQUIT, "told to end", 2000 },
                { SIGKILL, "killed", 2000 },
        };
        struct home home;
        bool gone;

        if (!realpath(data, home.data) || !realpath(program, home.program))
                return;
        /* Most notice by themselves that they are alone, and may have an answer to give yet. */
        gone = are_gone_within(&home, 200);
        for (size_t i = 0; !gone && i < sizeof(steps) / sizeof(steps[0]); i++) {
                size_t count = signal_orphans(&home, steps[i].signal);

                log_warning("processes of a PostgreSQL that is gone run on in %s: %zu are %s", data, count,
                        steps[i].how);
                gone = are_gone_within(&home, steps[i].wait_ms);
        }
}
