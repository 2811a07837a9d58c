/* SPDX-License-Identifier: Apache-2.0 */
/* Ctrl-C as a descriptor that can be waited for. */
#pragma once

/* From now on SIGINT and SIGTERM do not end the process: the descriptor becomes readable. -1: not to be had. The caller closes it. */
int interrupt_catch(void);
/* Takes what made it readable, so that the next one is seen too. */
void interrupt_take(int fd);
