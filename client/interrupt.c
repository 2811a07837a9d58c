/* SPDX-License-Identifier: Apache-2.0 */
#include "client/interrupt.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

int interrupt_catch(void)
{
        sigset_t signals;
        int fd;

        sigemptyset(&signals);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGTERM);
        fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
        if (fd >= 0)
                sigprocmask(SIG_BLOCK, &signals, NULL);
        return fd;
}

void interrupt_take(int fd)
{
        struct signalfd_siginfo taken;

        while (read(fd, &taken, sizeof(taken)) > 0)
                ;
}
