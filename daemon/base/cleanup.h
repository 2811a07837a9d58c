/* SPDX-License-Identifier: Apache-2.0 */
/* Owning locals: `_cleanup_(buffer_deinitp) struct buffer out = BUFFER_NULL;` is released on every way out. */
#pragma once

#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))

/* Defines NAMEp(T *p), for _cleanup_, which calls `call` on a pointer that is not NULL. */
#define DEFINE_CLEANUP(T, call)                                                                              \
        static inline void call##p(T *p)                                                                     \
        {                                                                                                    \
                if (*p)                                                                                      \
                        call(*p);                                                                            \
        }                                                                                                    \
        struct swallow_semicolon

static inline void freep(void *p)
{
        free(*(void **)p);
}

static inline void closep(int *fd)
{
        if (*fd >= 0)
                close(*fd);
}

/* Gives up ownership: yields the descriptor and leaves none behind. */
#define take_fd(fd)                                                                                          \
        ({                                                                                                   \
                int taken_ = (fd);                                                                           \
                (fd) = -1;                                                                                   \
                taken_;                                                                                      \
        })

/* Gives up ownership: yields the pointer and leaves NULL behind. */
#define take_ptr(p)                                                                                          \
        ({                                                                                                   \
                __auto_type taken_ = (p);                                                                    \
                (p) = NULL;                                                                                  \
                taken_;                                                                                      \
        })
