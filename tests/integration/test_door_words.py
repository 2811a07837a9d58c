# SPDX-License-Identifier: Apache-2.0
"""What checkin.scan says to the staff, in the language that is asked for."""
import pytest
from harness.world import Event, new_uuid


@pytest.fixture
def door(event):
    event.ticket()
    event.checkpoint()
    return event


@pytest.fixture
def scanner(daemon, door):
    with daemon.client(door.token("door")) as client:
        yield client


def said(door, credential, checkpoint="door", **more):
    """The message in English (asked for, and not), and in Chinese, of one scan and its repeats."""
    nonce = new_uuid()
    answers = [door.scan(credential, checkpoint, nonce=nonce, **more, **language)
               for language in ({}, {"language": "en"}, {"language": None}, {"language": "zh"})]
    messages = [answer.pop("message") for answer in answers]
    replayed = [answer.pop("replayed") for answer in answers]
    assert messages[0] == messages[1] == messages[2]
    assert answers[0] == answers[1] == answers[2] == answers[3]
    assert replayed == [False, True, True, True]
    return messages[0], messages[3]


def test_a_verdict_is_said_in_the_language_asked_for(door, scanner):
    door.checkpoint("hall", mode="reentry")
    credential = door.registration()["credential"]
    assert said(door, credential, client=scanner) == ("Admitted.", "已入场。")
    assert said(door, credential, "hall", client=scanner) == ("Admitted.", "已入场。")
    assert said(door, credential, "hall", direction="out", client=scanner) == ("Left.", "已离场。")
    assert said(door, credential, "hall", direction="out", client=scanner) == (
        "No entry recorded. Scan in first.", "无入场记录。先扫入场。")
    assert said(door, "NOBODY", client=scanner) == ("Not known. Scan again or search.", "查无此码。重扫或查姓名。")


def test_the_first_answer_may_be_the_chinese_one(door, scanner):
    nonce = new_uuid()
    first = door.scan("NOBODY", client=scanner, nonce=nonce, language="zh")
    assert (first["message"], first["replayed"]) == ("查无此码。重扫或查姓名。", False)
    again = door.scan("NOBODY", client=scanner, nonce=nonce)
    assert again == {**first, "message": "Not known. Scan again or search.", "replayed": True}


def test_who_came_first_is_said_with_when_and_where(door, scanner):
    credential = door.registration()["credential"]
    first = door.scan(credential, client=scanner, device="North 2")
    time = first["at"][11:16]
    english, chinese = said(door, credential, client=scanner)
    # With the date before the time, should midnight have passed since.
    assert english.endswith(f"{time}, North 2. See badge.") and english.startswith("In since ")
    assert chinese.endswith(f"{time} 已入North 2。核对胸牌。")


def test_a_tickets_other_door_is_said_with_its_name(door, scanner):
    door.ticket("forum", name="论坛票")
    door.checkpoint("stage", tickets=["standard"])
    credential = door.registration("forum")["credential"]
    assert said(door, credential, "stage", client=scanner) == ("论坛票: another door. Show it.", "论坛票走别的门。请指路。")


def test_the_words_of_a_block_stand_within_the_sentence(door, scanner):
    made = door.registration(blocked="Lost badge: see the office.")
    assert said(door, made["credential"], client=scanner) == (
        "Blocked: Lost badge: see the office. Call a supervisor.", "已停用：Lost badge: see the office. 叫主管。")
    door.call("registration.update", registration=made["registration"], blocked="胸牌遗失")
    assert said(door, made["credential"], client=scanner) == (
        "Blocked: 胸牌遗失. Call a supervisor.", "已停用：胸牌遗失。叫主管。")


def test_a_repeat_after_the_block_has_no_words_any_more(door, scanner):
    made = door.registration(blocked="Lost badge")
    nonce = new_uuid()
    assert door.scan(made["credential"], client=scanner, nonce=nonce)["reason"] == "blocked"
    door.call("registration.update", registration=made["registration"], blocked=None)
    again = [door.scan(made["credential"], client=scanner, nonce=nonce, language=language)["message"]
             for language in ("en", "zh")]
    assert again == ["Blocked. Call a supervisor.", "已停用。叫主管。"]


def test_a_dry_run_and_a_question_are_said_so_too(admin):
    event = Event(admin, fields=[{"field": "meal", "label": "Which meal?", "at_door": "ask"}])
    event.ticket()
    event.checkpoint()
    credential = event.registration()["credential"]
    assert event.scan(credential, language="zh")["message"] == "先问清，再重扫。"
    dry = event.scan(credential, language="zh", answers={}, dry_run=True)
    assert (dry["message"], dry["scan"]) == ("已入场。", None)
    assert event.scan("NOBODY", language="zh", dry_run=True)["message"] == "查无此码。重扫或查姓名。"
