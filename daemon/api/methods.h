/* SPDX-License-Identifier: Apache-2.0 */
/* Every method's row, by the file of its noun; methods.c puts them in one sorted table. */
#pragma once

#include "api/method.h"

extern const struct method auth_enrol_method, auth_login_method, auth_whoami_method;
extern const struct method token_create_method, token_invite_method, token_list_method, token_revoke_method;
extern const struct method server_describe_method, server_info_method, server_ping_method;
extern const struct method event_put_method, event_get_method, event_list_method, event_delete_method;
extern const struct method room_put_method, room_get_method, room_list_method, room_delete_method;
extern const struct method track_put_method, track_get_method, track_list_method, track_delete_method;
extern const struct method speaker_put_method, speaker_get_method, speaker_list_method, speaker_delete_method;
extern const struct method session_put_method, session_get_method, session_list_method, session_delete_method,
        session_cancel_method;
extern const struct method schedule_place_method, schedule_unplace_method, schedule_conflicts_method,
        schedule_publish_method, schedule_versions_method, schedule_get_method, schedule_now_method,
        schedule_import_method;
extern const struct method key_list_method, key_rotate_method;
extern const struct method ticket_put_method, ticket_get_method, ticket_list_method, ticket_delete_method;
extern const struct method registration_create_method, registration_get_method, registration_list_method,
        registration_update_method, registration_cancel_method, registration_transfer_method,
        registration_reissue_method, registration_find_method, registration_import_method,
        registration_export_method;
extern const struct method booking_create_method, booking_cancel_method, booking_list_method;
extern const struct method checkpoint_put_method, checkpoint_get_method, checkpoint_list_method,
        checkpoint_delete_method;
extern const struct method person_erase_method, person_export_method;
extern const struct method checkin_log_method, checkin_scan_method, checkin_stats_method, checkin_undo_method,
        checkin_verify_method;
