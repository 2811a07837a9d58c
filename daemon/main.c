/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usherd: the order of start and stop.
 *
 * settings -> loop, helper threads -> api (keys) -> store (database, load) -> wire (listeners, once memory holds
 * everything, or the database has been away for a moment) -> "ready". Stopping goes the other way round.
 */
#include <event2/event.h>
#include <event2/thread.h>
#include <fcntl.h>
#include <jansson.h>
#include <sched.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "api/api.h"
#include "api/demo.h"
#include "api/token_command.h"
#include "api/token_rights.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "base/workers.h"
#include "settings/settings.h"

enum {
        EXIT_USAGE = 2,
        READY_WAIT_SECONDS = 1,
        EXPIRY_SECONDS = 1,
        LOOP_PRIORITIES = 2 /* what cannot wait, and all else */
};

struct daemon {
        struct settings settings;
        struct event_base *base;
        struct workers *workers;
        struct api *api;
        struct store *store;
        struct wire *wire;
        struct event *signals[3], *ready_timer, *expiry_timer;
        struct demo *demo;
        struct token_command *token_command;
        char *own_socket; /* of `usherd token` */
        bool listening, ready, stopping;
        int status;
};

static void daemon_stop(struct daemon *daemon);

/* ---- ready ---- */

static void daemon_ready(struct daemon *daemon)
{
        struct buffer addresses = BUFFER_NULL;

        if (daemon->ready)
                return;
        daemon->ready = true;
        wire_addresses(daemon->wire, &addresses);
        for (char *line = strtok(addresses.data, "\n"); line; line = strtok(NULL, "\n"))
                log_info("listening on %s", line);
        buffer_deinit(&addresses);
        fputs("ready\n", stderr);
        sd_notify(0, "READY=1");
}

static int listen_passed(struct daemon *daemon)
{
        int count = sd_listen_fds(1);

        for (int i = 0; i < count; i++) {
                int r = wire_listen_fd(daemon->wire, SD_LISTEN_FDS_START + i);

                if (r)
                        return error_fold(r);
        }
        return count;
}

static void token_made(void *context, const char *secret, const char *why)
{
        struct daemon *daemon = context;

        if (secret)
                puts(secret);
        else
                log_error("no token was made: %s", why);
        if (!secret)
                daemon->status = EXIT_FAILURE;
        daemon_stop(daemon);
}

static void listen_failed(struct daemon *daemon, const char *address, const char *why)
{
        log_error("cannot listen on %s: %s", address, why);
        daemon->status = EXIT_FAILURE;
        daemon_stop(daemon);
}

static bool listen_all(struct daemon *daemon)
{
        int passed = listen_passed(daemon);

        if (passed < 0)
                listen_failed(daemon, "what the service manager handed over", strerror(-passed));
        for (size_t i = 0; passed == 0 && i < daemon->settings.listen.count; i++) {
                const char *address = daemon->settings.listen.addresses[i], *why = "";

                if (wire_listen(daemon->wire, address, &why) == 0)
                        continue;
                listen_failed(daemon, address, why);
                return false;
        }
        return passed >= 0;
}

static void daemon_listen(struct daemon *daemon)
{
        if (daemon->listening || daemon->stopping)
                return;
        daemon->listening = true;
        if (!listen_all(daemon))
                return;
        if (daemon->own_socket)
                daemon->token_command =
                        token_command_new(daemon->api, daemon->own_socket, token_made, daemon);
        else if (daemon->demo)
                demo_load(daemon->demo);
        else
                daemon_ready(daemon);
}

static void demo_loaded(void *context, const char *why)
{
        struct daemon *daemon = context;

        if (why) {
                log_error("the demo event could not be loaded: %s", why);
                daemon->status = EXIT_FAILURE;
                daemon_stop(daemon);
                return;
        }
        daemon_ready(daemon);
}

/* The database is away, perhaps for long: those who ask are told so, rather than not let in. */
static void ready_waited(evutil_socket_t fd, short what, void *context)
{
        (void)fd;
        (void)what;
        daemon_listen(context);
}

static void store_loaded(void *context)
{
        struct daemon *daemon = context;

        if (daemon->settings.command == SETTINGS_MIGRATE) {
                log_info("the database's schema is as this usherd needs it; whoever a daemon logs in as has "
                         "to be a member of the role usherd");
                daemon_stop(daemon);
        } else {
                daemon_listen(daemon);
        }
}

static void store_failed(void *context, const char *why)
{
        struct daemon *daemon = context;

        log_error("%s", why);
        daemon->status = EXIT_FAILURE;
        daemon_stop(daemon);
}

/* ---- stop ---- */

static void store_stopped(void *context)
{
        struct daemon *daemon = context;

        event_base_loopbreak(daemon->base);
}

static void wire_stopped(void *context)
{
        struct daemon *daemon = context;

        store_stop(daemon->store, daemon->settings.stop_seconds, store_stopped, daemon);
}

static void daemon_stop(struct daemon *daemon)
{
        if (daemon->stopping)
                return;
        daemon->stopping = true;
        sd_notify(0, "STOPPING=1");
        wire_shutdown(daemon->wire, daemon->settings.stop_seconds, wire_stopped, daemon);
}

static void stop_asked(evutil_socket_t fd, short what, void *context)
{
        (void)fd;
        (void)what;
        log_info("stopping");
        daemon_stop(context);
}

static void reload_asked(evutil_socket_t fd, short what, void *context)
{
        struct daemon *daemon = context;

        (void)fd;
        (void)what;
        log_info("reading everything anew");
        store_reload(daemon->store);
}

static void expire(evutil_socket_t fd, short what, void *context)
{
        struct daemon *daemon = context;

        (void)fd;
        (void)what;
        api_close_expired(daemon->api, clock_now());
}

/* ---- start ---- */

/* Connections need descriptors: as many as may be had. */
static size_t raise_descriptors(void)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
                return 1024;
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0)
                return 1024;
        return limit.rlim_cur > 1 << 20 ? 1 << 20 : (size_t)limit.rlim_cur;
}

static struct store_settings store_settings_of(const struct settings *settings)
{
        return (struct store_settings){
                .conninfo = settings->conninfo,
                .state_dir = settings->state_dir,
                .pg_bindir = settings->pg_bindir,
                .sql_dir = settings->sql_dir,
                .lanes = settings->lanes,
                .batch_max = settings->batch_scans,
                .batch_deadline_us = settings->batch_deadline_us,
                .offline_deadline_us = settings->offline_deadline_us,
                .migrate_only = settings->command == SETTINGS_MIGRATE,
                .leave_adopted = settings->command != SETTINGS_RUN,
        };
}

static int make_rooms(struct daemon *daemon)
{
        const struct settings *settings = &daemon->settings;
        struct store_settings store_settings = store_settings_of(settings);
        struct wire_settings wire_settings = { settings->limits_before_login, settings->worker_line_bytes,
                settings->worker_values, settings->connections };
        const struct api_owner api_owner = { daemon, store_loaded, store_failed };
        struct store_handlers handlers;
        struct wire_owner owner;
        size_t descriptors = raise_descriptors(), most;
        int r;

        /* Never more than there are descriptors for: whoever is one too many is told so, not left waiting. */
        most = descriptors > 128 ? descriptors - 64 : descriptors / 2;
        if (!wire_settings.max_connections || wire_settings.max_connections > most)
                wire_settings.max_connections = most;
        r = workers_new(daemon->base, settings->helper_threads, &daemon->workers);
        if (r)
                return error_fold(r);
        r = api_new(daemon->base, daemon->workers, settings, &api_owner, &daemon->api);
        if (r)
                return error_fold(r);
        handlers = api_store_handlers(daemon->api);
        r = store_new(daemon->base, daemon->workers, &store_settings, &handlers, &daemon->store);
        if (r)
                return error_fold(r);
        owner = api_wire_owner(daemon->api);
        r = wire_new(daemon->base, daemon->workers, &wire_settings, &owner, &daemon->wire);
        if (r)
                return error_fold(r);
        api_attach(daemon->api, daemon->wire, daemon->store);
        return 0;
}

static void watch_signals(struct daemon *daemon)
{
        static const struct timeval second = { EXPIRY_SECONDS, 0 }, wait = { READY_WAIT_SECONDS, 0 };

        signal(SIGPIPE, SIG_IGN);
        daemon->signals[0] = evsignal_new(daemon->base, SIGTERM, stop_asked, daemon);
        daemon->signals[1] = evsignal_new(daemon->base, SIGINT, stop_asked, daemon);
        daemon->signals[2] = evsignal_new(daemon->base, SIGHUP, reload_asked, daemon);
        for (size_t i = 0; i < 3; i++)
                event_add(daemon->signals[i], NULL);
        daemon->expiry_timer = event_new(daemon->base, -1, EV_PERSIST, expire, daemon);
        event_add(daemon->expiry_timer, &second);
        daemon->ready_timer = event_new(daemon->base, -1, 0, ready_waited, daemon);
        if (daemon->settings.conninfo && daemon->settings.command == SETTINGS_RUN)
                event_add(daemon->ready_timer, &wait);
}

static void daemon_deinit(struct daemon *daemon)
{
        demo_free(daemon->demo);
        token_command_free(daemon->token_command);
        free(daemon->own_socket);
        for (size_t i = 0; i < 3; i++)
                if (daemon->signals[i])
                        event_free(daemon->signals[i]);
        if (daemon->expiry_timer)
                event_free(daemon->expiry_timer);
        if (daemon->ready_timer)
                event_free(daemon->ready_timer);
        wire_free(daemon->wire);
        store_free(daemon->store);
        workers_free(daemon->workers);
        api_free(daemon->api);
        if (daemon->base)
                event_base_free(daemon->base);
        settings_deinit(&daemon->settings);
}

/* It works as a daemon that nobody else can reach: beside one that runs, or alone. */
static void become_token_command(struct daemon *daemon)
{
        struct settings_listen *listen = &daemon->settings.listen;

        for (size_t i = 0; i < listen->count; i++)
                free(listen->addresses[i]);
        daemon->own_socket = xasprintf("%s/token-%d.sock", daemon->settings.state_dir, (int)getpid());
        listen->addresses = xrealloc(listen->addresses, sizeof(*listen->addresses));
        listen->addresses[0] = xasprintf("unix:%s", daemon->own_socket);
        listen->count = 1;
        daemon->settings.demo = false;
}

/* Until it is stopped; asleep while there is nothing to do, save where the store has reason to stay awake. */
static void serve(struct daemon *daemon)
{
        struct event_base *base = daemon->base;
        bool awake;
        int r;

        do {
                awake = store_is_awake(daemon->store);
                r = event_base_loop(base, awake ? EVLOOP_NONBLOCK : EVLOOP_ONCE);
                if (awake)
                        sched_yield(); /* whoever else wants the processor comes first */
        } while (r == 0 && !event_base_got_break(base));
}

static int run(struct daemon *daemon)
{
        int r;

        if (daemon->settings.command == SETTINGS_TOKEN)
                become_token_command(daemon);

        daemon->base = event_base_new();
        if (!daemon->base || event_base_priority_init(daemon->base, LOOP_PRIORITIES) != 0)
                return error_origin(-ENOMEM);
        if (mkdir(daemon->settings.state_dir, 0700) != 0 && errno != EEXIST) {
                log_error("cannot make the state directory %s: %s", daemon->settings.state_dir,
                        strerror(errno));
                return -errno;
        }
        r = make_rooms(daemon);
        if (r) {
                log_error("cannot start: %s", strerror(-r));
                return r;
        }
        if (daemon->settings.demo) {
                r = demo_new(daemon->api, daemon->settings.demo_file, demo_loaded, daemon, &daemon->demo);
                if (r) {
                        log_error("cannot read the demo event in %s", daemon->settings.demo_file);
                        return r;
                }
        }
        watch_signals(daemon);
        store_start(daemon->store);
        serve(daemon);
        return 0;
}

/* What the settings cannot know by themselves. */
static bool conninfo_fits(const struct settings *settings)
{
        _cleanup_(buffer_deinit) struct buffer why = BUFFER_NULL;

        if (!settings->conninfo || store_conninfo_fits(settings->conninfo, &why))
                return true;
        fprintf(stderr, "usherd: the database's connection string: %s\n", buffer_text(&why));
        return false;
}

int main(int argc, char **argv)
{
        struct daemon daemon = { .settings = SETTINGS_NULL };
        struct buffer why = BUFFER_NULL;
        int r;

        json_set_alloc_funcs(xmalloc, free); /* no tree is NULL for want of memory */
        /* Before any thread: picks the hashing that suits the processor, and where chance comes from. */
        if (sodium_init() < 0) {
                fputs("usherd: libsodium cannot be used\n", stderr);
                return EXIT_FAILURE;
        }
        r = settings_read(&daemon.settings, argc, argv, &why);
        if (r) {
                fprintf(stderr, "%s%s", buffer_text(&why),
                        r == SETTINGS_E_USAGE ? "Try: usherd --help\n" : "");
                buffer_deinit(&why);
                settings_deinit(&daemon.settings);
                return r == SETTINGS_E_USAGE ? EXIT_USAGE : EXIT_FAILURE;
        }
        buffer_deinit(&why);
        if (!conninfo_fits(&daemon.settings)) {
                settings_deinit(&daemon.settings);
                return EXIT_FAILURE;
        }
        log_setup(daemon.settings.command == SETTINGS_TOKEN ? LOG_LEVEL_WARNING : daemon.settings.log_level,
                getenv("JOURNAL_STREAM") != NULL);
        switch (daemon.settings.command) {
        case SETTINGS_HELP:
                settings_usage(stdout);
                break;
        case SETTINGS_VERSION:
                puts("usherd " USHERD_VERSION);
                break;
        case SETTINGS_CHECK_CONFIG:
                puts("the configuration is good");
                break;
        case SETTINGS_MIGRATE:
        case SETTINGS_TOKEN:
        case SETTINGS_RUN:
                if (run(&daemon) != 0)
                        daemon.status = EXIT_FAILURE;
                break;
        }
        r = daemon.status;
        daemon_deinit(&daemon);
        return r;
}
