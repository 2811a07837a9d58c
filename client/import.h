/* SPDX-License-Identifier: Apache-2.0 */
/* The two imports; each answers with an exit status. */
#pragma once

#include "client/usher.h"

int import_schedule(struct usher *usher);
int import_registrations(struct usher *usher);
