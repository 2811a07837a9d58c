/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The private cluster: a PostgreSQL of our own in the state directory, reached over a Unix socket alone. Making and
 * starting it takes seconds, so a helper thread does it. One left running by a killed daemon is adopted when its pid
 * lives in our data directory and it answers; one that dies (a full disk) is started again, with back-off, once what
 * it left running has ended.
 */
#include "store/private.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "base/workers.h"

extern char **environ;

enum {
        WATCH_MS = 250,
        START_SECONDS = 120,
        POLL_MS = 20,
        REST_FIRST_MS = 250,
        REST_MOST_MS = 8000,
        SOCKET_PATH_MAX = 90
};

#define PORT "5432" /* of its socket's name; no TCP port is opened */

struct cluster {
        struct store *store;
        char *bindir, *data, *sockets, *log_path;
        char *owner_conninfo, *conninfo;
        pid_t pid; /* 0: none */
        bool ours; /* our child, to be waited for */
        int lock; /* held as long as we live: two daemons would stop each other's PostgreSQL */
        bool starting, ready, stopping, asked, forced;
        unsigned failures;
        char why[512]; /* of a start that failed */
        struct event *watch;
        void (*stopped)(void *context);
        void *stopped_context;
        int64_t stop_deadline_us;
};

static void pause_ms(unsigned ms)
{
        nanosleep(&(struct timespec){ ms / 1000, (long)(ms % 1000) * 1000000 }, NULL);
}

/* ---- on the helper thread ---- */

static int spawn(struct cluster *cluster, const char *const *argv, pid_t *pid)
{
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        sigset_t none;
        int r;

        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_addopen(
                &actions, STDOUT_FILENO, cluster->log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
        posix_spawnattr_init(&attributes);
        sigemptyset(&none);
        posix_spawnattr_setsigmask(&attributes, &none);
        /* A group of its own: Ctrl-C at our terminal is for us, and we stop it in order. */
        posix_spawnattr_setpgroup(&attributes, 0);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
        r = posix_spawn(pid, argv[0], &actions, &attributes, (char *const *)(uintptr_t)argv, environ);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&actions);
        return -r;
}

static bool make_data(struct cluster *cluster)
{
        _cleanup_(freep) char *initdb = xasprintf("%s/initdb", cluster->bindir);
        _cleanup_(freep) char *fresh = xasprintf("%s.new", cluster->data);
        const char *argv[] = { initdb, "-D", fresh, "-U", "usherd_owner", "-A", "trust", "-E", "UTF8",
                "--locale=C", "--no-instructions", NULL };
        int status = -1;
        pid_t pid;

        if (access(cluster->data, F_OK) == 0)
                return true;
        log_info("making a private PostgreSQL cluster in %s", cluster->data);
        /* Made beside and then renamed: a half-made one never passes for a whole. */
        if (access(fresh, F_OK) == 0) {
                const char *remove[] = { "/bin/rm", "-rf", fresh, NULL };

                if (spawn(cluster, remove, &pid) == 0)
                        waitpid(pid, &status, 0);
        }
        if (spawn(cluster, argv, &pid) != 0 || waitpid(pid, &status, 0) != pid || status != 0 ||
                rename(fresh, cluster->data) != 0) {
                snprintf(cluster->why, sizeof(cluster->why),
                        "the private cluster could not be made; %s says why", cluster->log_path);
                return false;
        }
        return true;
}

/* The process that such a file names; 0: none that can be read. */
static pid_t read_pid(const char *path)
{
        FILE *file = fopen(path, "re");
        long pid = 0;

        if (!file)
                return 0;
        if (fscanf(file, "%9ld", &pid) != 1)
                pid = 0;
        fclose(file);
        return pid > 1 ? (pid_t)pid : 0;
}

/* One that names a living process which is no postmaster of ours, or nothing, would keep PostgreSQL from starting. */
static void remove_misleading(const char *path)
{
        pid_t pid = read_pid(path);

        if (access(path, F_OK) != 0 || (pid && kill(pid, 0) != 0))
                return;
        if (unlink(path) == 0)
                log_info("removed %s: the process %d that it names is not the PostgreSQL it was", path,
                        (int)pid);
}

static bool answers(const struct cluster *cluster)
{
        /* One that accepts and says nothing would be waited for for ever. */
        _cleanup_(freep) char *hasty = xasprintf("%s connect_timeout=2", cluster->owner_conninfo);

        return PQping(hasty) == PQPING_OK;
}

static bool is_alive(const struct cluster *cluster)
{
        if (cluster->ours) {
                int status;

                return waitpid(cluster->pid, &status, WNOHANG) == 0;
        }
        return process_is_postmaster(cluster->pid, cluster->data);
}

static bool wait_until_it_answers(struct cluster *cluster)
{
        int64_t until = clock_monotonic_us() + START_SECONDS * INSTANT_SECOND;

        while (clock_monotonic_us() < until) {
                if (answers(cluster))
                        return true;
                if (!is_alive(cluster)) {
                        snprintf(cluster->why, sizeof(cluster->why),
                                "PostgreSQL ended while starting; %s says why", cluster->log_path);
                        cluster->pid = 0;
                        return false;
                }
                pause_ms(POLL_MS);
        }
        snprintf(cluster->why, sizeof(cluster->why), "PostgreSQL does not answer");
        return false;
}

static void start_on_thread(void *context)
{
        struct cluster *cluster = context;
        _cleanup_(freep) char *postgres = xasprintf("%s/postgres", cluster->bindir);
        _cleanup_(freep) char *pid_file = xasprintf("%s/postmaster.pid", cluster->data);
        _cleanup_(freep) char *socket_lock = xasprintf("%s/.s.PGSQL." PORT ".lock", cluster->sockets);
        const char *argv[] = { postgres, "-D", cluster->data, "-k", cluster->sockets, "-p", PORT, "-c",
                "listen_addresses=", "-c", "max_connections=40", "-c", "unix_socket_permissions=0700", "-c",
                "log_timezone=UTC", NULL };
        int r;

        cluster->why[0] = '\0';
        if (!make_data(cluster))
                return;
        cluster->pid = read_pid(pid_file);
        if (!process_is_postmaster(cluster->pid, cluster->data))
                cluster->pid = 0;
        cluster->ours = false;
        if (cluster->pid) {
                log_info(
                        "adopting the PostgreSQL %d that is running in %s", (int)cluster->pid, cluster->data);
        } else {
                processes_end_orphans(cluster->data, postgres);
                remove_misleading(pid_file);
                remove_misleading(socket_lock);
                r = spawn(cluster, argv, &cluster->pid);
                if (r) {
                        snprintf(cluster->why, sizeof(cluster->why), "%s cannot be run: %s", postgres,
                                strerror(-r));
                        cluster->pid = 0;
                        return;
                }
                cluster->ours = true;
                log_info("starting the private PostgreSQL cluster in %s", cluster->data);
        }
        wait_until_it_answers(cluster);
}

/* ---- on the loop ---- */

static void watch_after(struct cluster *cluster, unsigned ms)
{
        evtimer_add(cluster->watch, (&(struct timeval){ ms / 1000, (suseconds_t)(ms % 1000) * 1000 }));
}

static void started(void *context, int dropped)
{
        struct cluster *cluster = context;
        unsigned shift = cluster->failures < 5 ? cluster->failures : 5;

        cluster->starting = false;
        if (dropped)
                return;
        if (cluster->stopping) {
                watch_after(cluster, 0);
                return;
        }
        if (cluster->why[0]) {
                cluster->failures++;
                if (!cluster->ready && cluster->failures >= 3) {
                        store_fail(cluster->store, cluster->why);
                        return;
                }
                log_error("%s; trying again", cluster->why);
                watch_after(cluster,
                        (REST_FIRST_MS << shift) < REST_MOST_MS ? REST_FIRST_MS << shift : REST_MOST_MS);
                return;
        }
        cluster->failures = 0;
        watch_after(cluster, WATCH_MS);
        if (!cluster->ready)
                store_connect(cluster->store, cluster->conninfo, cluster->owner_conninfo);
        cluster->ready = true;
}

void cluster_start(struct cluster *cluster)
{
        if (cluster->starting || cluster->stopping)
                return;
        cluster->starting = true;
        workers_submit(cluster->store->workers, start_on_thread, started, cluster);
}

static void stop_watched(struct cluster *cluster)
{
        if (!cluster->asked) {
                cluster->asked = true;
                if (!cluster->ours && cluster->store->settings.leave_adopted)
                        cluster->pid = 0;
                if (cluster->pid)
                        kill(cluster->pid, SIGINT);
        }
        if (cluster->pid && is_alive(cluster)) {
                if (clock_monotonic_us() > cluster->stop_deadline_us) {
                        log_warning("PostgreSQL does not stop in order: it is made to");
                        kill(cluster->pid, cluster->forced ? SIGKILL : SIGQUIT);
                        cluster->forced = true;
                        cluster->stop_deadline_us += 5 * INSTANT_SECOND;
                }
                watch_after(cluster, POLL_MS);
                return;
        }
        cluster->pid = 0;
        cluster->stopped(cluster->stopped_context);
}

static void watched(evutil_socket_t fd, short what, void *context)
{
        struct cluster *cluster = context;

        (void)fd;
        (void)what;
        if (cluster->stopping) {
                if (cluster->starting) /* it has to end before it can be stopped */
                        watch_after(cluster, POLL_MS);
                else
                        stop_watched(cluster);
                return;
        }
        if (cluster->pid && is_alive(cluster)) {
                watch_after(cluster, WATCH_MS);
                return;
        }
        if (cluster->pid)
                log_warning("the private PostgreSQL has ended; starting it again");
        cluster->pid = 0;
        cluster_start(cluster);
}

void cluster_stop(struct cluster *cluster, unsigned seconds, void (*done)(void *context), void *context)
{
        cluster->stopping = true;
        cluster->stopped = done;
        cluster->stopped_context = context;
        cluster->stop_deadline_us = clock_monotonic_us() + (int64_t)seconds * INSTANT_SECOND;
        watch_after(cluster, 0);
}

/* ---- where things are ---- */

static char *find_bindir(void)
{
        static const char *const dirs[] = { "/usr/lib/postgresql/17/bin", "/usr/lib/postgresql/16/bin",
                "/usr/lib/postgresql/15/bin", "/usr/local/bin", "/usr/bin", NULL };

        /* The version that made a cluster is the one that runs it: Debian 12's first. */
        if (access("/usr/lib/postgresql/15/bin/postgres", X_OK) == 0)
                return xstrdup(dirs[2]);
        for (size_t i = 0; dirs[i]; i++) {
                _cleanup_(freep) char *path = xasprintf("%s/postgres", dirs[i]);

                if (access(path, X_OK) == 0)
                        return xstrdup(dirs[i]);
        }
        return NULL;
}

/* A socket's path has little room: where the state directory lies too deep, a short one stands in for it. */
static int make_socket_dir(struct cluster *cluster, const char *state_dir)
{
        struct uuid name;
        char text[37];

        cluster->sockets = xasprintf("%s/run", state_dir);
        if (strlen(cluster->sockets) + strlen("/.s.PGSQL." PORT) > SOCKET_PATH_MAX) {
                free(cluster->sockets);
                uuid_from_name(&UUID_NIL, state_dir, &name);
                uuid_format(&name, text);
                cluster->sockets = xasprintf("/tmp/usherd-%u-%.8s", (unsigned)geteuid(), text);
        }
        if (mkdir(cluster->sockets, 0700) != 0 && errno != EEXIST)
                return error_origin(-errno);
        return 0;
}

/* Of a daemon that runs. The words that only pass by use what is there, and leave it. */
static int take_lock(struct cluster *cluster, const char *state_dir)
{
        _cleanup_(freep) char *path = xasprintf("%s/usherd.lock", state_dir);

        if (cluster->store->settings.leave_adopted)
                return 0;
        cluster->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (cluster->lock < 0)
                return error_origin(-errno);
        if (flock(cluster->lock, LOCK_EX | LOCK_NB) == 0)
                return 0;
        log_error("another usherd runs with the state directory %s", state_dir);
        return -EBUSY;
}

int cluster_new(struct store *store, struct cluster **clusterp)
{
        const char *state_dir = store->settings.state_dir;
        _cleanup_(freep) char *real = NULL;
        struct cluster *cluster;
        int r;

        if (geteuid() == 0) {
                log_error("PostgreSQL does not run as root: start usherd as an ordinary user, or give it a "
                          "database with -d");
                return error_origin(-EPERM);
        }
        real = realpath(state_dir, NULL);
        if (!real)
                return error_origin(-errno);
        cluster = xcalloc(1, sizeof(*cluster));
        cluster->store = store;
        cluster->bindir = store->settings.pg_bindir ? xstrdup(store->settings.pg_bindir) : find_bindir();
        cluster->data = xasprintf("%s/pg", real);
        cluster->log_path = xasprintf("%s/pg.log", real);
        cluster->watch = evtimer_new(store->base, watched, cluster);
        cluster->lock = -1;
        r = take_lock(cluster, real);
        if (!r)
                r = make_socket_dir(cluster, real);
        if (!cluster->bindir)
                log_error("no PostgreSQL server is found: install postgresql, or give a database with -d");
        if (r || !cluster->bindir) {
                cluster_free(cluster);
                return error_origin(r ? r : -ENOENT);
        }
        cluster->owner_conninfo =
                xasprintf("host='%s' port=" PORT " user=usherd_owner dbname=postgres", cluster->sockets);
        cluster->conninfo =
                xasprintf("host='%s' port=" PORT " user=usherd_daemon dbname=postgres", cluster->sockets);
        *clusterp = cluster;
        return 0;
}

struct cluster *cluster_free(struct cluster *cluster)
{
        if (!cluster)
                return NULL;
        event_free(cluster->watch);
        closep(&cluster->lock);
        free(cluster->bindir);
        free(cluster->data);
        free(cluster->sockets);
        free(cluster->log_path);
        free(cluster->owner_conninfo);
        free(cluster->conninfo);
        free(cluster);
        return NULL;
}
