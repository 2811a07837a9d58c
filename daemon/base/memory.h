/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of the allocator as a whole: jemalloc where the daemon is linked with it, else the C library's. */
#pragma once

/* After much was let go at once: free pages go back to the system now, and not when the allocator sees fit. A few ms. */
void memory_give_back(void);
