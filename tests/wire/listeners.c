/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "house.h"

static struct house *house;

static void open_house(void)
{
        house = house_open(&(struct house_options){ .max_connections = 3 });
}

static void close_house(void)
{
        house_close(house);
}

/* A second wire, that only listens. */
static int listen_on(const char *address, const char **why)
{
        struct event_base *base = event_base_new();
        struct wire_settings settings = { 0 };
        struct wire_owner owner = { 0 };
        struct wire *wire;
        ck_assert_int_eq(wire_new(base, NULL, &settings, &owner, &wire), 0);
        int r = wire_listen(wire, address, why);
        wire_free(wire);
        event_base_free(base);
        return r;
}

START_TEST(any_user_of_the_machine_may_connect)
{
        struct stat st;
        ck_assert_int_eq(stat(house_path(house), &st), 0);
        ck_assert_uint_eq(st.st_mode & 0777, 0666);
}
END_TEST

START_TEST(a_socket_that_is_listened_on_is_not_taken_over)
{
        char address[128];
        const char *why = "";
        snprintf(address, sizeof address, "unix:%s", house_path(house));
        ck_assert_int_eq(listen_on(address, &why), -EADDRINUSE);
        ck_assert_ptr_nonnull(strstr(why, "listens"));
        struct client client = client_open(house);
        json_decref(client_ask(&client, "ping", "{}"));
        client_close(&client);
}
END_TEST

START_TEST(a_socket_left_behind_is_taken_over_and_a_file_is_not)
{
        char folder[] = "/tmp/usherd-wire-XXXXXX", path[64], address[80];
        const char *why = "";
        struct sockaddr_un name = { .sun_family = AF_UNIX };
        ck_assert_ptr_nonnull(mkdtemp(folder));
        snprintf(path, sizeof path, "%s/s", folder);
        snprintf(address, sizeof address, "unix:%s", path);
        snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
        close(fd);
        ck_assert_int_eq(listen_on(address, &why), 0);
        ck_assert_int_ne(access(path, F_OK), 0);
        close(open(path, O_CREAT | O_WRONLY, 0600));
        ck_assert_int_eq(listen_on(address, &why), -EEXIST);
        ck_assert_int_eq(unlink(path), 0);
        ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(tells_what_is_wrong_with_an_address)
{
        static const char *const bad[] = { "", "unix:", "tcp:", "tcp:127.0.0.1", "tcp:127.0.0.1:http",
                "/run/x", "udp:1:2" };
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
                const char *why = NULL;
                ck_assert_int_lt(listen_on(bad[i], &why), 0);
                ck_assert_ptr_nonnull(why);
        }
        char taken[64];
        const char *why = NULL;
        snprintf(taken, sizeof taken, "tcp:127.0.0.1:%d", house_port(house));
        ck_assert_int_eq(listen_on(taken, &why), -EADDRINUSE);
        ck_assert_int_eq(listen_on("tcp:[::1]:0", &why), 0);
        ck_assert_int_eq(listen_on("tcp:localhost:0", &why), 0);
}
END_TEST

START_TEST(no_more_are_let_in_than_the_whole_house_holds)
{
        struct client clients[4];
        for (int i = 0; i < 3; i++) {
                clients[i] = client_open(house);
                json_decref(client_ask(&clients[i], "ping", "{}"));
        }
        clients[3] = client_open_tcp(house);
        json_decref(client_line(&clients[3]));
        client_expect(&clients[3],
                "{\"jsonrpc\":\"2.0\",\"method\":\"server.closing\",\"params\":{\"reason\":\"too_large\"}}");
        client_expect_end(&clients[3]);
        for (int i = 0; i < 4; i++)
                client_close(&clients[i]);
}
END_TEST

static void client_line_with(struct client *client, const char *member)
{
        json_t *line = client_line(client);
        ck_assert_ptr_nonnull(json_object_get(line, member));
        json_decref(line);
}

/* With no descriptor left a caller is sent away, the rest are served, and the loop does not spin. */
START_TEST(rests_at_the_descriptor_limit)
{
        struct rlimit before, limit;
        struct rusage usage;
        struct client first = client_open(house);
        json_decref(client_ask(&first, "ping", "{}"));
        int sockets[3];
        for (int i = 0; i < 3; i++)
                sockets[i] = socket(AF_UNIX, SOCK_STREAM, 0);
        ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
        int lowest = dup(first.fd); /* every descriptor below is in use */
        close(lowest);
        limit = before;
        limit.rlim_cur = (rlim_t)lowest;
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
        struct sockaddr_un name = { .sun_family = AF_UNIX };
        snprintf(name.sun_path, sizeof name.sun_path, "%s", house_path(house));
        for (int i = 0; i < 3; i++)
                ck_assert_int_eq(connect(sockets[i], (struct sockaddr *)&name, sizeof name), 0);
        struct client away[3] = { { .fd = sockets[0] }, { .fd = sockets[1] }, { .fd = sockets[2] } };
        for (int i = 0; i < 3; i++) {
                client_line_with(&away[i], "error");
                client_line_with(&away[i], "method");
                client_expect_end(&away[i]);
                json_decref(client_ask(&first, "ping", "{}"));
        }
        for (int i = 0; i < 3; i++)
                client_close(&away[i]);
        ck_assert_int_eq(getrusage(RUSAGE_SELF, &usage), 0);
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
        ck_assert_int_lt(usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec, 150000);
        struct client again = client_open(house);
        json_decref(client_ask(&again, "ping", "{}"));
        client_close(&again);
        client_close(&first);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("listeners");
        TCase *cases = tcase_create("listeners");
        tcase_set_timeout(cases, 60);
        tcase_add_checked_fixture(cases, open_house, close_house);
        tcase_add_test(cases, any_user_of_the_machine_may_connect);
        tcase_add_test(cases, a_socket_that_is_listened_on_is_not_taken_over);
        tcase_add_test(cases, a_socket_left_behind_is_taken_over_and_a_file_is_not);
        tcase_add_test(cases, tells_what_is_wrong_with_an_address);
        tcase_add_test(cases, no_more_are_let_in_than_the_whole_house_holds);
        tcase_add_test(cases, rests_at_the_descriptor_limit);
        suite_add_tcase(suite, cases);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
