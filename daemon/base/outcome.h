/* SPDX-License-Identifier: Apache-2.0 */
/* How every asynchronous step ends. */
#pragma once

enum outcome {
        OUTCOME_DONE, /* durable */
        OUTCOME_STALE, /* decided on what no longer stands; nothing was done */
        OUTCOME_REFUSED, /* the database will not have it; nothing was done, and it would not be the next time */
        OUTCOME_UNKNOWN, /* the connection went at the wrong moment, and it could not be found out in time */
};
