/* SPDX-License-Identifier: Apache-2.0 */
/* The form of an address to listen on. Whether it can be bound is known when it is. */
#include <stdlib.h>
#include <string.h>

#include "settings/table.h"

#define UNIX_PATH_MAX 107 /* sun_path, less its NUL */

static bool port_is_valid(const char *port)
{
        size_t digits = strspn(port, "0123456789");

        return digits >= 1 && digits <= 5 && port[digits] == '\0' && strtol(port, NULL, 10) <= 65535;
}

static const char *tcp_problem(const char *rest)
{
        const char *colon = strrchr(rest, ':');
        bool bracketed = *rest == '[';

        if (!colon || colon == rest)
                return "expected tcp:HOST:PORT";
        if (bracketed && colon[-1] != ']')
                return "expected tcp:[ADDRESS]:PORT";
        if (!bracketed && memchr(rest, ':', (size_t)(colon - rest)))
                return "an IPv6 address stands in brackets: tcp:[::1]:4321";
        if (!port_is_valid(colon + 1))
                return "the port is a number from 0 to 65535";
        return NULL;
}

const char *setting_address_problem(const char *address)
{
        if (strncmp(address, "tcp:", 4) == 0)
                return tcp_problem(address + 4);
        if (strncmp(address, "tls:", 4) == 0)
                return "TLS listeners are not supported by this version";
        if (strncmp(address, "unix:", 5) != 0)
                return "expected unix:PATH or tcp:HOST:PORT";
        if (address[5] == '\0')
                return "expected unix:PATH";
        if (strlen(address + 5) > UNIX_PATH_MAX)
                return "a socket's path has at most 107 bytes";
        return NULL;
}
