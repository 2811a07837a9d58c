/* SPDX-License-Identifier: Apache-2.0 */
/* The pool's blocks themselves, which builds with sanitizers do without: this one is built with POOL_IN_BLOCKS. */
#include "base/pool.h"

#include <check.h>
#include <stdint.h>
#include <string.h>

enum { PIECES = 20000, ROUNDS = 200000, SIZE_MAX_TRIED = 400, LARGE = 100000 };

struct piece {
        unsigned char *bytes;
        size_t size;
        unsigned char mark;
};

static unsigned next_random(void)
{
        static uint64_t state = 88172645463325252;

        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return (unsigned)(state >> 32);
}

static void take(struct piece *piece)
{
        piece->size = next_random() % 100 == 0 ? LARGE : 1 + next_random() % SIZE_MAX_TRIED;
        piece->mark = (unsigned char)next_random();
        piece->bytes = pool_take(piece->size);
        ck_assert_uint_eq((uintptr_t)piece->bytes % sizeof(void *), 0);
        memset(piece->bytes, piece->mark, piece->size);
}

static void give(struct piece *piece)
{
        ck_assert(piece->bytes[0] == piece->mark &&
                  memcmp(piece->bytes, piece->bytes + 1, piece->size - 1) == 0);
        pool_give(piece->bytes);
        piece->bytes = NULL;
}

/* What a piece holds stays until it is given back, whatever becomes of the others. */
START_TEST(pieces_do_not_touch_each_other)
{
        static struct piece pieces[PIECES];

        for (size_t round = 0; round < ROUNDS; round++) {
                struct piece *piece = &pieces[next_random() % PIECES];

                if (piece->bytes)
                        give(piece);
                else
                        take(piece);
        }
        for (size_t i = 0; i < PIECES; i++)
                if (pieces[i].bytes)
                        give(&pieces[i]);
}
END_TEST

START_TEST(pieces_lie_behind_each_other)
{
        char *first = pool_take(100), *second = pool_take(100);

        ck_assert_ptr_eq(first + 104, second);
        pool_give(first);
        pool_give(second);
        pool_give(NULL);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("pool");
        TCase *tests = tcase_create("pool");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tests, pieces_do_not_touch_each_other);
        tcase_add_test(tests, pieces_lie_behind_each_other);
        tcase_set_timeout(tests, 60);
        suite_add_tcase(suite, tests);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? 1 : 0;
}
