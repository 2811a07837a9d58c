# SPDX-License-Identifier: Apache-2.0
"""
Bugs that somebody might really make, each where it would be made, and the tests that have to notice it. planted.py
plants them; how many the suite finds is what its promises are worth.
"""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Bug:
    name: str
    breaks: str  # in one sentence
    file: str
    old: str  # stands there exactly once
    new: str
    tests: tuple  # PATH::NAME


BUGS = (
    # ---- answered means durable ----
    Bug("answered-before-the-sync",
        "The answer goes out when the batch's row comes, and not when its transaction has been committed.",
        "daemon/store/lane.c",
        """\
                lane->was_recorded = lane->outcome_seen && PQgetvalue(result, 0, 0)[0] == 't';
                return;
""", """\
                lane->was_recorded = lane->outcome_seen && PQgetvalue(result, 0, 0)[0] == 't';
                if (lane->outcome_seen && lane->state == LANE_SENT && lane->sent) {
                        lane->sent = false;
                        lane_durable(lane);
                }
                return;
""", ("tests/faults/test_answers.py::test_no_reply_comes_before_the_sync_and_one_when_it_is_found_out",)),
    Bug("memory-before-the-batch",
        "Memory takes a batch's rows when it is sent.",
        "daemon/store/lane.c",
        """\
        else if (batch_has_content(&lane->batch))
                take_turn(lane);
""", """\
        else if (batch_has_content(&lane->batch)) {
                for (size_t i = 0; i < lane->batch.row_count; i++)
                        lane->store->handlers.apply(
                                lane->store->handlers.context, lane->batch.rows[i].row, true);
                take_turn(lane);
        }
""", ("tests/faults/test_answers.py::test_memory_changes_when_rows_are_durable_and_not_before",)),
    Bug("stale-and-answered",
        "A batch that rested on outdated rows is not decided again: what had been decided is answered.",
        "daemon/store/lane_end.c",
        """\
                log_debug("stale: %s", lane->message ? lane->message : "");
                stale(lane);
""", """\
                log_debug("stale: %s", lane->message ? lane->message : "");
                members_applied(lane);
""", ("tests/faults/test_conflicts.py::test_puts_of_one_room_each_make_a_version_of_their_own",
      "tests/integration/test_checkin.py::test_a_ticket_at_two_daemons_is_admitted_once")),
    Bug("unknown-told-as-not-done",
        "Of a batch that was sent, and whose outcome is not known, it is said that nothing was done.",
        "daemon/store/lane.c",
        "        bool unknown = lane->sent || lane->exposed;\n",
        "        bool unknown = false;\n",
        ("tests/faults/test_answers.py::test_without_a_key_an_unknown_outcome_is_said_too",)),
    Bug("standby-not-waited-for",
        "A commit whose wait for the standby was cut short is answered.",
        "daemon/store/link.c",
        "        bool doubt = link->conn.replication_doubt;\n",
        "        bool doubt = false;\n",
        ("tests/faults/test_standby.py::test_a_cancelled_wait_is_no_answer_and_the_key_settles_it",)),
    Bug("late-sending-forgotten",
        "A batch that fails when it is sent again is decided anew, while its first sending may still arrive.",
        "daemon/store/lane_end.c",
        """\
        } else if (lane->exposed) {
                lane_fence(lane);
""", """\
        } else if (false) {
                lane_fence(lane);
""", ("tests/faults/test_answers.py::test_a_late_sending_is_not_taken_for_what_was_decided_after_it",)),

    # ---- once ----
    Bug("nonce-ignored",
        "A scan goes by a nonce of the daemon's own, so a repeat is judged anew.",
        "daemon/api/checkin_scan.c",
        "                uuid_parse(scan->nonce_text, &scan->nonce);\n",
        "                uuid_v7(clock_now(), &scan->nonce);\n",
        ("tests/integration/test_checkin.py::test_a_repeat_gives_the_first_answer",
         "tests/integration/test_checkin.py::test_repeats_in_flight_are_one_scan")),
    Bug("nonce-not-unique",
        "The log takes a nonce twice.",
        "sql/0001-schema.sql",
        "CONSTRAINT scan_nonce UNIQUE (family_id, nonce)",
        "CONSTRAINT scan_nonce CHECK (nonce IS NOT NULL)",
        ("tests/sql/door.sql::a nonce is used once",)),
    Bug("request-key-ignored",
        "A call under a used request key is done again.",
        "daemon/api/dispatch.c",
        "        call->has_request_key = key && uuid_parse(key, &call->request_key);\n",
        "        call->has_request_key = false;\n",
        ("tests/integration/test_request_key.py::test_a_key_used_again_gives_the_first_answer",)),

    # ---- locks ----
    Bug("note-lock-left-out",
        "A scan with a note does not lock the person, whose erasure then misses the note.",
        "sql/0003-record.sql",
        """\
                        ORDER BY t.event_id, t.id
                        FOR SHARE OF t;
""", """\
                        ORDER BY t.event_id, t.id;
""", ("tests/sql/races.bash::and takes the note along",)),
    Bug("changes-not-looked-for",
        "Registrations are not compared though some may have changed beyond what the daemon knows.",
        "sql/0003-record.sql",
        "c.seq > known.seq\n                                  AND c.kind = ANY (p_kinds))));\n",
        "c.seq > known.seq\n                                  AND c.kind = 'nothing')));\n",
        ("tests/faults/test_conflicts.py::test_whoever_was_cancelled_at_the_other_daemon_is_sent_away_among_many",
         "tests/sql/scan.sql::where a writer is not known, too")),
    Bug("family-lock-left-out",
        "A checkpoint gets a capacity beside scans that do not know of it, and its counter misses those people.",
        "sql/0003-record.sql",
        "        IF v_deleted IS NOT NULL OR 'checkpoint' = ANY (v_kinds) THEN\n",
        "        IF v_deleted IS NOT NULL THEN\n",
        ("tests/sql/races.bash::and counts whoever it waited for",)),
    Bug("presence-out-of-order",
        "People are locked in the order in which they came, so two batches of the same people deadlock.",
        "sql/0003-record.sql",
        "                ORDER BY coalesce(v_event, p_event[m.i]), m.id;\n",
        "                ORDER BY m.i;\n",
        ("tests/sql/races.bash::who waits for the first does not hold the second yet",)),

    # ---- versions ----
    Bug("registrations-unchecked",
        "A batch does not compare the registrations that it relied on.",
        "sql/0003-record.sql",
        "          AND (t.version IS DISTINCT FROM coalesce(v_version, p_version[i])\n",
        "          AND (false\n",
        ("tests/sql/door.sql::a registration that has changed is judged anew",
         "tests/sql/races.bash::who waited for the counter does not admit the cancelled")),
    Bug("relied-on-unchecked",
        "What a batch relied on is locked, and not compared.",
        "sql/0003-record.sql",
        "                PERFORM usher.expect(p_family, v_expected, p_expects, false);\n",
        "",
        ("tests/sql/batch.sql::another version is stale",)),
    Bug("checkpoint-unchecked",
        "A batch of scans alone does not compare the checkpoints that it relied on.",
        "sql/0003-record.sql",
        "        WHERE r.version IS DISTINCT FROM coalesce(\n                CASE r.kind\n",
        "        WHERE r.version > coalesce(\n                CASE r.kind\n",
        ("tests/sql/door.sql::a scan that an older one has judged is judged anew",)),
    Bug("admission-not-relied-on",
        "Who is refused for having been admitted is refused though another daemon has taken that back.",
        "daemon/api/scan_rely.c",
        "        if (reason == REASON_ALREADY_ADMITTED || reason == REASON_NOT_INSIDE || reason == REASON_FULL)\n",
        "        if (reason == REASON_NOT_INSIDE || reason == REASON_FULL)\n",
        ("tests/faults/test_feed.py::test_nobody_is_refused_for_what_was_taken_back_unseen",)),
    Bug("full-without-looking-inside",
        "Who is refused for want of room is so though another daemon has let the same person in.",
        "daemon/api/scan_rely.c",
        " || reason == REASON_FULL)\n",
        ")\n",
        ("tests/faults/test_feed.py::test_nobody_who_is_in_unseen_is_told_that_it_is_full",)),
    Bug("if-version-ignored",
        "A change is made whatever version it was meant for.",
        "daemon/api/call.c",
        "        if (call_int(call, \"if_version\", version) == version)\n",
        "        if (version >= 0)\n",
        ("tests/integration/test_registrations.py::test_if_version_guards_every_change",)),
    Bug("deleted-in-company",
        "What is deleted goes in one batch with what memory lets refer to it.",
        "daemon/api/noun.c",
        "        call->change.alone = true;\n",
        "",
        # Of checkpoints either of two places that say so is enough.
        ("tests/faults/test_side_by_side.py::test_what_is_deleted_and_who_is_to_have_it_do_not_fail_each_other",)),
    Bug("checkpoint-in-company",
        "A checkpoint changes in one batch with its first scan.",
        "daemon/api/checkpoint.c",
        "        call->change.alone = true;\n",
        "        (void)call;\n",
        ("tests/faults/test_side_by_side.py::test_a_checkpoints_mode_is_fixed_by_a_scan_that_is_under_way[in one batch]",)),
    Bug("mode-changed-unseen",
        "A checkpoint's mode changes though it has scans that memory has not heard of.",
        "sql/0003-record.sql",
        "                PERFORM usher.check_checkpoints(p_family, p_rows);\n",
        "",
        ("tests/faults/test_side_by_side.py::test_a_checkpoints_mode_is_fixed_by_a_scan_that_is_under_way[in lanes of their own]",)),

    # ---- what memory is taken to know ----
    Bug("known-while-read-anew",
        "While everything is read anew, memory is taken to be where the feed is.",
        "daemon/store/lane.c",
        "        if (!loader_is_busy(lane->store->loader) && !lane->store->unsure)\n",
        "        if (!lane->store->unsure)\n",
        ("tests/faults/test_known.py::test_what_is_only_being_read_anew_is_not_known",)),
    Bug("known-though-unread",
        "What could not be read is taken for known.",
        "daemon/store/lane.c",
        "        if (!loader_is_busy(lane->store->loader) && !lane->store->unsure)\n",
        "        if (!loader_is_busy(lane->store->loader))\n",
        ("tests/faults/test_known.py::test_what_could_not_be_read_is_not_known",)),
    Bug("known-before-it-is-applied",
        "A long batch counts as known before memory has all of it.",
        "daemon/store/lane_end.c",
        "        lane->applied = 0;\n        queue_pump(lane->store);",
        """\
        lane->applied = 0;
        feed_own(&lane->store->feed, &batch->family, &batch->writer, seq->next - 1);
        queue_pump(lane->store);""", ("tests/faults/test_known.py::test_what_an_import_has_recorded_is_not_known_before_memory_has_all_of_it",)),
    Bug("credential-behind-its-registration",
        "Between two slices of a long batch a registration is known in its new version, and its credential in the old.",
        "daemon/store/batch.c",
        "are_of_one_whole(batch->rows[end - 1].row, batch->rows[end].row)",
        "false",
        ("tests/store/test_slices.c::a_registration_is_not_parted_from_its_credentials",)),
    Bug("feed-lost-while-it-is-asked",
        "A round whose connection goes while it is being asked is ended as if it had been read.",
        "daemon/store/feed.c",
        "        if (!any && feed->read)\n",
        "        if (!any)\n",
        ("tests/faults/test_feed.py::test_a_feed_that_is_lost_between_two_questions_misses_nothing",)),
    Bug("feed-ahead-of-its-rows",
        "Where a daemon stands in the feed moves on when it asks for the rows, and not when it has them.",
        "daemon/store/feed.c",
        "        bearings_deinit(&bearings);\n        ask_prepared(feed, DUE_NOTHING, STATEMENT_COMMIT, 0, NULL);\n",
        """\
        bearings_deinit(&bearings);
        for (size_t i = 0; i < read->beyond.count; i++)
                places_advance(&feed->families[feed->family].places, &read->beyond.items[i].writer,
                        read->beyond.items[i].seq);
        ask_prepared(feed, DUE_NOTHING, STATEMENT_COMMIT, 0, NULL);
""", ("tests/faults/test_feed.py::test_a_feed_that_is_lost_between_two_questions_misses_nothing",)),
    Bug("event-behind-what-belongs-to-it",
        "What belongs to an event is read, though the event and its key may have come after this round had read them.",
        "daemon/store/feed_read.c",
        "feed->read->behind = PQgetvalue(result, 0, 0)[0];",
        "feed->read->behind = false;",
        ("tests/faults/test_feed.py::test_an_event_comes_with_the_key_that_its_credentials_are_signed_with",)),

    # ---- who waits ----
    Bug("limit-without-turns",
        "Whoever was to have a ticket without a limit goes on without taking turns when it has one by then.",
        "daemon/api/registration.c",
        "        if (ticket->capacity != FIELD_INT_NONE && !seats_claimed(call))\n                return DECISION_ANSWERED;\n",
        "",
        ("tests/faults/test_side_by_side.py::test_whoever_is_under_way_when_a_limit_is_set_gets_a_place_or_waits",)),
    Bug("import-without-turns",
        "An import goes on without taking turns when there is a limit by then.",
        "daemon/api/registration_import.c",
        "        if (has_limits(call->event) && !seats_claimed(call)) {\n",
        "        if (false) {\n",
        ("tests/faults/test_side_by_side.py::test_an_import_under_way_when_a_limit_is_set_takes_turns_from_then_on",)),
    Bug("left-to-the-other",
        "What is full in memory is taken to be full, whoever else has left a moment ago.",
        "daemon/api/limited.c",
        "        count_taken(limited, call, batch, taken, rests && full);\n",
        "        count_taken(limited, call, batch, taken, false);\n",
        ("tests/faults/test_waiting.py::test_a_place_that_two_give_back_unseen_goes_to_who_waits",
         "tests/faults/test_waiting.py::test_where_others_left_unseen_more_room_is_not_taken_for_too_little",
         "tests/faults/test_waiting.py::test_nobody_queues_for_a_place_that_was_given_back_unseen",
         "tests/faults/test_waiting.py::test_an_import_refuses_nobody_a_place_that_was_given_back_unseen",
         "tests/api/test_seats.c::nobody_waits_where_a_place_is_free_whatever_memory_lacks")),
    Bug("queue-unseen",
        "Where nobody waits in memory nobody is taken to wait, whoever else has joined a moment ago.",
        "daemon/api/limited.c",
        "        count_waiting(limited, call, batch, waiting, rests && !full);\n",
        "        count_waiting(limited, call, batch, waiting, false);\n",
        ("tests/faults/test_waiting.py::test_who_joined_unseen_moves_up_when_there_is_room_for_more",
         "tests/faults/test_waiting.py::test_a_place_given_back_goes_to_who_joined_unseen",
         "tests/api/test_seats.c::nobody_waits_where_a_place_is_free_whatever_memory_lacks")),
    Bug("queue-gone-unseen",
        "Who queues behind others where a place is free does so though they have left the queue a moment ago.",
        "daemon/api/limited.c",
        "        int64_t min = beside_room && by > 0 ? by + 1 : INT64_MIN;\n",
        "        int64_t min = INT64_MIN;\n",
        ("tests/api/test_seats.c::nobody_waits_where_a_place_is_free_whatever_memory_lacks",)),
    Bug("session-grown-past-its-queue",
        "More room in a session is not held against those who joined its queue a moment ago.",
        "daemon/api/booking_seats.c",
        "after->booking || before->booking);\n",
        "false);\n",
        ("tests/faults/test_waiting.py::test_who_joined_unseen_moves_up_when_there_is_room_for_more[Seats]",
         "tests/faults/test_waiting.py::test_where_others_left_unseen_more_room_is_not_taken_for_too_little[Seats]")),
    Bug("ticket-not-relied-on",
        "A place is given back whatever the capacity is by now.",
        "daemon/api/seats.c",
        """\
        batch_expect(batch, &call->change, ticket);
        limited_move(&places, call, batch, promoted - 1, -promoted, true);
""", """\
        limited_move(&places, call, batch, promoted - 1, -promoted, true);
""", ("tests/faults/test_waiting.py::test_a_place_given_back_where_there_is_more_room_unseen_goes_to_who_waits[Places]",
      "tests/api/test_seats.c::nobody_waits_where_a_place_is_free_whatever_memory_lacks")),
    Bug("queued-without-its-ticket",
        "Who takes a place, or waits for one, does so whatever the capacity is by now.",
        "daemon/api/seats.c",
        """\
                return NULL;
        batch_expect(batch, &call->change, ticket);
""", """\
                return NULL;
""", ("tests/faults/test_waiting.py::test_nobody_queues_for_a_place_that_was_added_unseen[Places]",)),
    Bug("session-not-relied-on",
        "A seat is given back whatever the capacity is by now.",
        "daemon/api/booking_seats.c",
        """\
        batch_expect(batch, &call->change, session);
        limited_move(&seats, call, batch, promoted - 1, -promoted, true);
""", """\
        limited_move(&seats, call, batch, promoted - 1, -promoted, true);
""", ("tests/faults/test_waiting.py::test_a_place_given_back_where_there_is_more_room_unseen_goes_to_who_waits[Seats]",)),
    Bug("imported-without-its-ticket",
        "An import takes and leaves places whatever the capacity is by now.",
        "daemon/api/import_places.c",
        "                batch_expect(batch, &call->change, place->ticket);\n",
        "",
        ("tests/faults/test_waiting.py::test_a_place_given_back_where_there_is_more_room_unseen_goes_to_who_waits[Imported]",
         "tests/faults/test_waiting.py::test_nobody_gets_in_beside_a_limit_that_was_set_unseen[Imported]")),
    Bug("import-refuses-on-memory-alone",
        "Whom an import refuses a place, or lets wait, gets none though one was given back a moment ago.",
        "daemon/api/import_places.c",
        """\
        place->rests = true;
        if (!place->ticket->waitlist)
""", """\
        if (!place->ticket->waitlist)
""", ("tests/faults/test_waiting.py::test_an_import_refuses_nobody_a_place_that_was_given_back_unseen",
      "tests/faults/test_waiting.py::test_nobody_queues_for_a_place_that_was_given_back_unseen[Imported]")),

    # ---- the door ----
    Bug("day-from-midnight",
        "A door that admits once a day counts days from midnight, whenever the event's begin.",
        "daemon/door/verdict.c",
        "zone_day(zone, at, day_starts_minutes)",
        "zone_day(zone, at, 0)",
        ("tests/door/test_verdict.c::a_day_begins_when_the_events_days_do",
         "tests/integration/test_checkin.py::test_a_day_is_the_events_own")),
    Bug("day-wrong-by-one",
        "The moment in which a day begins is of the day before.",
        "daemon/base/zone.c",
        "        if (at.us < zone_day_start(zone, date, day_starts_minutes).us)\n",
        "        if (at.us <= zone_day_start(zone, date, day_starts_minutes).us)\n",
        ("tests/base/test_zone.c::every_moment_lies_within_its_day",
         "tests/door/test_verdict.c::a_day_begins_when_the_events_days_do")),
    Bug("kept-in",
        "Who is blocked is not let out either.",
        "daemon/door/verdict.c",
        "[REASON_BLOCKED] = { is_blocked, FORCEABLE },",
        "[REASON_BLOCKED] = { is_blocked, HOLDS_LEAVING | FORCEABLE },",
        ("tests/door/test_verdict.c::nobody_is_kept_in_but_for_the_first_five_reasons",
         "tests/integration/test_checkin.py::test_nobody_is_kept_in")),
    Bug("reasons-swapped",
        "Who is blocked and has cancelled is told the second.",
        "daemon/door/verdict.h",
        """\
        X(BLOCKED, "blocked", "Blocked: {message} Call a supervisor.", "已停用：{message} 叫主管。")         \\
        X(CANCELLED, "cancelled", "Cancelled. Offer walk-in.", "报名已取消。可现场登记。")                   \\
""", """\
        X(CANCELLED, "cancelled", "Cancelled. Offer walk-in.", "报名已取消。可现场登记。")                   \\
        X(BLOCKED, "blocked", "Blocked: {message} Call a supervisor.", "已停用：{message} 叫主管。")         \\
""", ("tests/door/test_verdict.c::the_table_has_the_contracts_reasons_in_its_order",
      "tests/door/test_verdict.c::of_two_reasons_that_apply_the_earlier_is_given")),
    Bug("under-way-uncounted",
        "Who is let in by a batch under way does not count before it has ended.",
        "daemon/api/scan_decide.c",
        """\
                .inside = attendance_inside_soon(roster_attendance(roster), checkpoint, day),
""", """\
                .inside = attendance_inside(roster_attendance(roster), checkpoint, day),
""", ("tests/integration/test_checkin.py::test_a_capacity_is_never_passed",)),
    Bug("counter-without-bound",
        "A counter goes beyond what it may hold.",
        "sql/0003-record.sql",
        "        WHERE m.value < w.least OR m.value > w.most\n",
        "        WHERE m.value < w.least\n",
        ("tests/sql/batch.sql::and not beyond",
         "tests/sql/races.bash::of 103 who come at once, 100 go into 100 places")),
    Bug("revoked-still-good",
        "A credential that was replaced opens the door.",
        "daemon/door/verdict.c",
        "        return judged->credential && !instant_is_none(judged->credential->replaced_at);\n",
        "        return judged->credential && false;\n",
        ("tests/door/test_verdict.c::each_reason_alone_refuses_by_its_name",
         "tests/integration/test_checkin.py::test_a_replaced_credential")),
    Bug("transfer-leaves-the-ticket",
        "Who has given a registration away gets in with the old ticket.",
        "daemon/api/registration_hand.c",
        "        replace_all(call, batch, before);\n",
        "",
        ("tests/integration/test_checkin.py::test_a_transferred_registration",)),
    Bug("signature-not-verified",
        "Any signature by any key will do.",
        "daemon/door/credential.c",
        "        if (crypto_sign_verify_detached(read->signature, read->payload, CREDENTIAL_PAYLOAD, public_key) != 0)\n",
        "        if (sodium_is_zero(public_key, 32))\n",
        ("tests/door/test_credential.c::no_mutation_of_a_valid_one_is_accepted",
         "tests/door/test_credential.c::another_key_does_not_verify_it")),
    Bug("signature-not-asked-for",
        "A credential that names a key of ours passes for signed by it.",
        "daemon/api/scan_find.c",
        "        return key && key->public_key.length == 32 && credential_verify(read, key->public_key.data) == 0;\n",
        "        return key && key->public_key.length == 32;\n",
        ("tests/integration/test_checkin.py::test_unknown_credentials_and_altered_ones",)),
    Bug("undo-of-the-wrong-scan",
        "The last move is taken back whichever was named.",
        "daemon/api/checkin_undo.c",
        "        if (!scan || strcmp(scan, last->id) == 0)\n",
        "        if (!scan || last)\n",
        ("tests/integration/test_checkin.py::test_only_the_last_is_taken_back",)),
    Bug("undone-twice",
        "A move that was taken back still counts as the last one.",
        "daemon/api/checkin_undo.c",
        "                undo->count--; /* the last that stood */\n",
        "",
        ("tests/integration/test_checkin.py::test_moves_are_taken_back_one_after_the_other",)),
    Bug("undo-across-days",
        "What stands after an undo is what stood on the day before.",
        "daemon/api/checkin_undo.c",
        "        return move > undo->moves && move[-1].day.days == move->day.days ? move - 1 : NULL;\n",
        "        return move > undo->moves ? move - 1 : NULL;\n",
        ("tests/integration/test_checkin.py::test_an_undo_leaves_the_other_days",)),

    Bug("latest-admission-first",
        "Of a person's admissions the latest counts as the first.",
        "daemon/door/crowd.c",
        "        if (move->comes && !instant_is_none(person->first) && person->first.us < first.us)\n                return;\n",
        "",
        ("tests/integration/test_stats.py::test_a_later_door_leaves_the_minute_of_the_first",)),
    # ---- the log ----
    Bug("chain-skipped",
        "A scan's hash does not take in the one before it.",
        "daemon/store/chain.c",
        "        put(&hashed, head, CHAIN_BYTES);\n",
        "        (void)head;\n",
        ("tests/integration/test_verify.py::test_a_row_taken_out_shows",)),
    Bug("chain-stands-still",
        "All scans of a batch, and of those behind it, are chained to one.",
        "daemon/store/batch.c",
        "                memcpy(batch->head, scan->hash, sizeof(batch->head));\n",
        "",
        ("tests/integration/test_verify.py::test_the_chains_hold_every_scan_and_their_heads_are_signed",)),
    Bug("note-outlives-the-person",
        "What was written about an erased person's scans stays.",
        "sql/0003-record.sql",
        "        IF 'erasure' = ANY (v_kinds) THEN\n",
        "        IF v_kinds = ARRAY['erasure'] THEN\n",
        ("tests/sql/door.sql::then it goes",)),

    # ---- tables ----
    Bug("lost-in-growth",
        "While a table grows, who has not moved yet is not found.",
        "daemon/base/table.c",
        "        if (entry || !table->old.items)\n",
        "        if (true)\n",
        ("tests/base/test_table.c::is_whole_at_every_moment_of_its_growth",
         "tests/base/test_table.c::finds_those_that_are_alike_on_both_sides_of_a_growth")),

    # ---- whom nobody knows ----
    Bug("news-overlooked",
        "Who came at another daemon is sent away as unknown.",
        "sql/0003-record.sql",
        "        IF p_no_news THEN\n",
        "        IF false THEN\n",
        ("tests/sql/scan.sql::a change of a registration may be somebody who came",
         "tests/faults/test_known.py::test_who_came_at_another_daemon_unseen_is_not_sent_away_as_unknown")),
    Bug("credentials-are-no-news",
        "A new credential of somebody known is overlooked.",
        "sql/0003-record.sql",
        "ARRAY['registration', 'credential']) THEN\n",
        "ARRAY['registration']) THEN\n",
        ("tests/sql/scan.sql::and may be the one that was looked for",)),
    Bug("tried-in-vain-again",
        "Whoever is unknown is taken for so again and again, and never looked for.",
        "daemon/api/scan_decide.c",
        "return scan->call->change.attempts > 1 || !batch_expect_no_news(batch);\n",
        "return false;\n",
        ("tests/faults/test_known.py::test_who_came_at_another_daemon_unseen_is_not_sent_away_as_unknown",)),

    # ---- columns that say the same of all ----
    Bug("one-for-all-that-differ",
        "A column is sent as one value though the last scan's is another.",
        "daemon/store/pgarray.c",
        "memcmp(first, first + each, bytes - each) != 0",
        "memcmp(first, first + each, bytes - 2 * each) != 0",
        ("tests/store/test_batch.c::others_stay_whole",)),
    Bug("common-to-the-first-alone",
        "Where a column says the same of all, it is taken to speak of the first scan.",
        "sql/0003-record.sql",
        "coalesce(v_day, p_scan_day[i])",
        "p_scan_day[i]",
        ("tests/sql/scan.sql::and each has in the log what both have in common",)),

    # ---- which lanes work ----
    Bug("a-lane-for-a-trifle",
        "Every idle lane takes whatever waits, however little: many small batches instead of a whole one.",
        "daemon/store/queue.c",
        "store->queued >= count_at_work(store, &change->family) * store->settings.batch_max / 2;\n",
        "true;\n",
        ("tests/store/test_queue.c::less_than_half_a_batch_waits_for_the_one_under_way",
         "tests/store/test_queue.c::a_third_lane_needs_half_a_batch_for_each")),
    Bug("every-lane-at-the-database",
        "There is no end of turns.",
        "daemon/store/queue.c",
        "return count_at_work(store, NULL) < store->turns;\n",
        "return count_at_work(store, NULL) < store->lane_count;\n",
        ("tests/store/test_queue.c::less_than_a_batch_is_not_decided_before_its_turn",
         "tests/store/test_queue.c::who_waits_has_the_turn_of_a_batch_that_came_back")),
    Bug("nothing-decided-ahead",
        "The database waits for each batch to be decided.",
        "daemon/store/queue.c",
        "return store->queued >= store->settings.batch_max && !next_waiting(store);\n",
        "return false;\n",
        ("tests/store/test_queue.c::a_whole_batch_is_decided_ahead_of_its_turn",)),
    Bug("decided-long-ahead",
        "Batches are decided for turns that are far away.",
        "daemon/store/queue.c",
        "return store->queued >= store->settings.batch_max && !next_waiting(store);\n",
        "return store->queued >= store->settings.batch_max;\n",
        ("tests/store/test_queue.c::but_only_one",)),
    Bug("who-waits-is-forgotten",
        "A batch that was decided ahead waits for its timer.",
        "daemon/store/queue.c",
        "while ((waiting = next_waiting(store)) && lane_try(waiting))\n",
        "while ((waiting = NULL) && lane_try(waiting))\n",
        ("tests/store/test_queue.c::who_waits_has_the_turn_of_a_batch_that_came_back",)),
    Bug("waiting-for-what-hangs",
        "Few wait for a batch that is under way, however long it has been.",
        "daemon/store/link.c",
        "        if (!link->count || now_us - link->turn_us >= TURN_US)\n",
        "        if (!link->count || now_us < link->turn_us)\n",
        ("tests/store/test_queue.c::what_was_sent_long_ago_is_not_waited_for",
         "tests/store/test_queue.c::nor_behind_one_that_hangs")),
    Bug("nobody-stands-in-line",
        "Each batch waits until the one before it has been answered.",
        "daemon/store/link.c",
        "                if (link->ready && !link->bulk && link->count == 1 &&\n",
        "                if (link->ready && !link->bulk && link->count == 0 &&\n",
        ("tests/store/test_queue.c::a_batch_decided_ahead_stands_behind_one_of_its_family",
         "tests/faults/test_line.py::test_a_batch_in_line_is_recorded_before_the_first_is_answered")),
    Bug("behind-another-family",
        "A batch stands in line behind one of another event's, and waits for whatever that one waits for.",
        "daemon/store/link.c",
        "link_works(link, &lane->batch.family, now_us))\n",
        "link_works(link, NULL, now_us))\n",
        ("tests/store/test_queue.c::who_waits_has_the_turn_of_a_batch_that_came_back",)),
    Bug("the-answer-of-another",
        "What the server says of the first in line is taken for the last one's.",
        "daemon/store/link.c",
        "        struct lane *lane = link->count ? link->line[0] : NULL;\n",
        "        struct lane *lane = link->count ? link->line[link->count - 1] : NULL;\n",
        ("tests/faults/test_line.py::test_a_batch_that_fails_takes_nobody_behind_it_along",)),
    Bug("lost-behind-the-first",
        "When a connection goes, only the first in line there is sent again.",
        "daemon/store/link.c",
        """\
                if (lane)
                        lane_lost(lane);
""", """\
                if (lane)
                        lane_lost(lane);
                link->count = 0;
""", ("tests/faults/test_line.py::test_all_in_line_on_a_connection_that_goes_are_recorded_once[cut]",)),
    Bug("behind-what-hangs",
        "Whoever stands behind a batch that hangs hangs with it.",
        "daemon/store/link.c",
        "                let_overtake(link);\n",
        "                (void)let_overtake;\n",
        ("tests/store/test_queue.c::whoever_stands_behind_a_batch_that_hangs_is_sent_elsewhere_too",
         "tests/faults/test_line.py::test_who_stands_behind_a_batch_that_hangs_is_let_in_meanwhile")),
    Bug("overtaken-and-forgotten",
        "A batch that was sent elsewhere, too, counts as sent once.",
        "daemon/store/lane.c",
        "        lane->exposed = true;\n        lane_send(lane, link);\n",
        "        lane_send(lane, link);\n",
        ("tests/store/test_queue.c::whoever_stands_behind_a_batch_that_hangs_is_sent_elsewhere_too",)),

    # ---- the private cluster ----
    Bug("orphans-left",
        "What a killed postmaster leaves running keeps the next from starting.",
        "daemon/store/cluster.c",
        "                processes_end_orphans(cluster->data, postgres);\n",
        "",
        ("tests/faults/test_private_cluster.py::"
         "test_a_backend_that_outlives_its_postmaster_does_not_keep_the_next_from_starting",
         "tests/faults/test_private_cluster.py::"
         "test_what_is_left_of_its_own_cluster_alone_is_ended_and_killed_if_need_be")),
    Bug("orphans-of-another-cluster",
        "Orphans are ended wherever they live.",
        "daemon/store/processes.c",
        "!lives_in(pid, home->data)",
        "false",
        ("tests/faults/test_private_cluster.py::"
         "test_what_is_left_of_its_own_cluster_alone_is_ended_and_killed_if_need_be",)),

    # ---- who may, and in which order ----
    Bug("request-with-any-id",
        "A request whose id is neither a text nor a number nor null is done.",
        "daemon/wire/message.c",
        "envelope->has_misfit = envelope->has_misfit || c != 'n';\n",
        "(void)c;\n",
        ("tests/wire/message.c::ids_are_texts_numbers_or_null",)),
    Bug("request-of-any-version",
        "It is not looked at whether a request is one of JSON-RPC 2.0.",
        "daemon/wire/message.c",
        "        return envelope->method.text && envelope->is_version_2 && ",
        "        return envelope->method.text && ",
        ("tests/wire/message.c::what_is_no_request_object_is_marked_and_keeps_its_id",)),
    Bug("batch-beyond-its-limit",
        "A batch of one member too many is done.",
        "daemon/wire/message.c",
        "        if (count > limits->members)\n",
        "        if (count > limits->members + 1)\n",
        ("tests/wire/message.c::a_batch_has_one_to_so_many_members",)),
    Bug("params-end-within-a-text",
        "A bracket in a text is taken for the end of the params that it stands in.",
        "daemon/wire/jsonbuild.c",
        """\
                if (c == '"') {
                        pass_string(read);
                        continue;
                }
""",
        "",
        ("tests/wire/message.c::params_are_kept_as_they_came_until_their_tree_is_asked_for",)),
    Bug("required-not-missed",
        "Of parameters that are read without a tree it is not seen that one is missing.",
        "daemon/api/arguments.c",
        "        return reader->required == count_required(reader->method->params);\n",
        "        return reader->required <= count_required(reader->method->params);\n",
        ("tests/api/test_arguments.c::what_is_required_is_missed",
         "tests/api/test_arguments.c::null_is_given_and_is_nothing")),
    Bug("key-on-a-read",
        "A method that changes nothing takes a request key, where its parameters are read without a tree.",
        "daemon/api/arguments.c",
        "        if (!found && method_takes_key(reader->method))\n",
        "        if (!found)\n",
        ("tests/api/test_arguments.c::the_envelope_has_parameters_of_its_own",
         "tests/integration/test_request_key.py::test_what_changes_nothing_takes_no_key")),
    Bug("role-unchecked",
        "Whoever is logged in may call every method.",
        "daemon/api/dispatch.c",
        "        if (call->role >= call->method->role)\n",
        "        if (call->role > ROLE_PUBLIC || call->method->role == ROLE_PUBLIC)\n",
        ("tests/integration/test_auth.py::test_every_method_holds_back_whoever_is_below_its_role",)),
    Bug("token-of-another-event",
        "A token that is bound to an event opens all others.",
        "daemon/api/login.c",
        "        if (!bound || strcmp(bound, event_slug) == 0)\n",
        "        if (!bound || *event_slug)\n",
        ("tests/integration/test_auth.py::test_a_token_covers_its_event_and_the_events_within_it",)),
    Bug("revoked-stays-logged-in",
        "Connections that stand live on when their token is revoked.",
        "daemon/api/api.c",
        "        if (row->record == &token_record && (row->deleted || token->revoked))\n",
        "        if (row->record == &token_record && row->deleted)\n",
        ("tests/integration/test_auth.py::test_a_revoked_token_closes_its_connections_at_once",)),
    Bug("scans-out-of-order",
        "Scans of one registration are decided beside each other.",
        "daemon/api/scan_decide.c",
        "                call_claim(call, \"registration\", &scan->family, scan->claimed);\n",
        "",
        ("tests/integration/test_order.py::test_scans_of_one_registration_keep_their_order",)),
    Bug("read-overtakes-a-change",
        "A read does not wait for the changes sent before it.",
        "daemon/wire/gate.c",
        "                return changes + scans == 0;\n",
        "                return scans == 0;\n",
        ("tests/wire/gate.c::begins_exactly_what_the_order_allows",
         "tests/integration/test_order.py::test_reads_see_every_change_sent_before_them_and_none_after")),
)
