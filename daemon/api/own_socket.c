/* SPDX-License-Identifier: Apache-2.0 */
#include "api/own_socket.h"

#include <event2/bufferevent.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

struct bufferevent *own_socket_connect(struct api *api, const char *path)
{
        struct bufferevent *peer =
                bufferevent_socket_new(api->base, -1, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
        bufferevent_socket_connect(peer, (struct sockaddr *)&address, sizeof(address));
        return peer;
}
