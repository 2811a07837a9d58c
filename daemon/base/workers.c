/* SPDX-License-Identifier: Apache-2.0 */
#include "base/workers.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"

enum { HELPER_NICE = 5 };

struct job {
        void (*work)(void *);
        void (*done)(void *, int);
        void *context;
        struct job *next;
};

struct job_queue {
        struct job *first, **last;
};

struct workers {
        pthread_mutex_t lock;
        pthread_cond_t wake;
        struct job_queue waiting, finished;
        bool stopping;
        size_t count;
        int wake_fd;
        struct event *woken;
        pthread_t threads[];
};

static void queue_add(struct job_queue *queue, struct job *job)
{
        job->next = NULL;
        *queue->last = job;
        queue->last = &job->next;
}

static struct job *queue_take(struct job_queue *queue)
{
        struct job *job = queue->first;

        if (!job)
                return NULL;
        queue->first = job->next;
        if (!queue->first)
                queue->last = &queue->first;
        return job;
}

static void *work_on(void *context)
{
        struct workers *workers = context;
        uint64_t one = 1;

        /* The loop comes first: whoever it answers waits for no helper. (On Linux, of this thread alone.) */
        setpriority(PRIO_PROCESS, (id_t)gettid(), HELPER_NICE);
        pthread_mutex_lock(&workers->lock);
        for (;;) {
                struct job *job;

                while (!workers->stopping && !workers->waiting.first)
                        pthread_cond_wait(&workers->wake, &workers->lock);
                if (workers->stopping)
                        break;
                job = queue_take(&workers->waiting);
                pthread_mutex_unlock(&workers->lock);
                job->work(job->context);
                pthread_mutex_lock(&workers->lock);
                queue_add(&workers->finished, job);
                if (write(workers->wake_fd, &one, sizeof(one)) < 0)
                        continue; /* the counter is full: the loop has been woken */
        }
        pthread_mutex_unlock(&workers->lock);
        return NULL;
}

static void finish_all(struct workers *workers, struct job_queue *queue, int dropped)
{
        for (;;) {
                struct job *job;

                pthread_mutex_lock(&workers->lock);
                job = queue_take(queue);
                pthread_mutex_unlock(&workers->lock);
                if (!job)
                        return;
                if (job->done)
                        job->done(job->context, dropped);
                free(job);
        }
}

static void jobs_finished(evutil_socket_t fd, short what, void *context)
{
        uint64_t count;

        (void)what;
        if (read(fd, &count, sizeof(count)) < 0)
                return;
        finish_all(context, &((struct workers *)context)->finished, 0);
}

int workers_new(struct event_base *base, size_t threads, struct workers **workersp)
{
        struct workers *workers = xcalloc(1, sizeof(*workers) + threads * sizeof(pthread_t));

        pthread_mutex_init(&workers->lock, NULL);
        pthread_cond_init(&workers->wake, NULL);
        workers->waiting.last = &workers->waiting.first;
        workers->finished.last = &workers->finished.first;
        workers->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (workers->wake_fd < 0) {
                free(workers);
                return error_origin(-errno);
        }
        workers->woken = event_new(base, workers->wake_fd, EV_READ | EV_PERSIST, jobs_finished, workers);
        event_add(workers->woken, NULL);
        for (; workers->count < threads; workers->count++) {
                int r = pthread_create(&workers->threads[workers->count], NULL, work_on, workers);

                if (r) {
                        workers_free(workers);
                        return error_origin(-r);
                }
        }
        *workersp = workers;
        return 0;
}

struct workers *workers_free(struct workers *workers)
{
        if (!workers)
                return NULL;
        pthread_mutex_lock(&workers->lock);
        workers->stopping = true;
        pthread_cond_broadcast(&workers->wake);
        pthread_mutex_unlock(&workers->lock);
        for (size_t i = 0; i < workers->count; i++)
                pthread_join(workers->threads[i], NULL);
        finish_all(workers, &workers->finished, 0);
        finish_all(workers, &workers->waiting, 1);
        event_free(workers->woken);
        close(workers->wake_fd);
        pthread_cond_destroy(&workers->wake);
        pthread_mutex_destroy(&workers->lock);
        free(workers);
        return NULL;
}

void workers_submit(
        struct workers *workers, void (*work)(void *job), void (*done)(void *job, int dropped), void *context)
{
        struct job *job = xmalloc(sizeof(*job));

        *job = (struct job){ work, done, context, NULL };
        pthread_mutex_lock(&workers->lock);
        queue_add(&workers->waiting, job);
        pthread_cond_signal(&workers->wake);
        pthread_mutex_unlock(&workers->lock);
}
