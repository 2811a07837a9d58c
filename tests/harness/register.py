# SPDX-License-Identifier: Apache-2.0
"""
A plain model of the door: one registration is a register, changed by one operation at a time. It is written for being
read beside protocol.md's section 8, knows nothing of how the daemon decides, and says of a whole history of
operations, some of them at the same time, whether there is an order in which every answer is right.

The search is that of Wing and Gong (Testing and Verifying Concurrent Objects, 1993) with Lowe's memory of what was
tried (Testing for Linearizability, 2017).
"""
import copy
import datetime
import zoneinfo

UNKNOWN, FORGED = "unknown", "forged"


class Checkpoint:
    def __init__(self, mode="once", per="event", tickets=None, opens_at=None, closes_at=None, session=None, capacity=None):
        self.mode, self.per, self.tickets, self.capacity = mode, per, tickets, capacity
        self.opens_at, self.closes_at, self.session = opens_at, closes_at, session


class House:
    """What does not change while the history is made."""

    def __init__(self, zone, day_starts, checkpoints, tickets):
        self.zone = zoneinfo.ZoneInfo(zone)
        self.day_starts = day_starts  # a timedelta after midnight
        self.checkpoints = checkpoints  # name -> Checkpoint
        self.tickets = tickets  # name -> (valid_from, valid_to), either None

    def day(self, checkpoint, at):
        if self.checkpoints[checkpoint].per == "event":
            return None
        return (at.astimezone(self.zone) - self.day_starts).date()


class Register:
    """One registration: what stands, and the moves at each checkpoint (and day), oldest first."""

    def __init__(self, ticket, credential):
        self.ticket = ticket
        self.status = "confirmed"
        self.paid, self.blocked = True, False
        self.credentials = {credential: "ticket"}  # those that stand, and of which kind
        self.replaced = set()
        self.booked = set()
        self.moves = {}

    def key(self):
        """Equal for registers from which the same can follow."""
        return (self.ticket, self.status, self.paid, self.blocked, tuple(sorted(self.credentials)),
                tuple(sorted(self.booked)), tuple(sorted((where, tuple(move["scan"] for move in moves))
                                                         for where, moves in self.moves.items() if moves)))


def reason_of(house, register, op):
    """The first reason that applies, else None; "full" is not this register's to know."""
    rule = house.checkpoints[op["checkpoint"]]
    valid_from, valid_to = house.tickets[register.ticket]
    moves = register.moves.get((op["checkpoint"], str(house.day(op["checkpoint"], op["at"]))), [])
    leaving = op["direction"] == "out"
    inside = bool(moves) and moves[-1]["inside"]
    shown = op["credential"]
    if shown == UNKNOWN:
        return "unknown_credential"
    if shown == FORGED:
        return "bad_signature"
    if shown is not None and shown not in register.credentials:
        return "revoked"
    if leaving:
        return None if inside else "not_inside"
    if register.blocked:
        return "blocked"
    if register.status == "cancelled":
        return "cancelled"
    if not register.paid:
        return "unpaid"
    if rule.tickets and register.ticket not in rule.tickets:
        return "ticket_not_valid_here"
    if valid_from and op["at"] < valid_from:
        return "ticket_too_early"
    if valid_to and op["at"] >= valid_to:
        return "ticket_too_late"
    if rule.opens_at and op["at"] < rule.opens_at:
        return "checkpoint_not_open"
    if rule.closes_at and op["at"] >= rule.closes_at:
        return "checkpoint_closed"
    if rule.session and rule.session not in register.booked:
        return "no_booking"
    if rule.mode == "once" and any(move["verdict"] == "admitted" for move in moves):
        return "already_admitted"
    if rule.mode == "reentry" and inside:
        return "already_admitted"
    return None


def came_in(moves):
    """When who is inside came in: since then no move led out."""
    since = 1 + max((i for i, move in enumerate(moves) if not move["inside"]), default=-1)
    return moves[since]["at"] if since < len(moves) else None


def scan(house, register, op):
    """Whether the register can have answered so; it is changed as the answer says."""
    answer, rule = op["answer"], house.checkpoints[op["checkpoint"]]
    reason = reason_of(house, register, op)
    where = (op["checkpoint"], str(house.day(op["checkpoint"], op["at"])))
    moves = register.moves.setdefault(where, [])
    may_be_full = rule.capacity is not None and op["direction"] == "in" and reason is None
    forced = op["force"] and reason not in (None, "unknown_credential", "bad_signature")
    if answer["reason"] == "full":
        if not may_be_full:
            return False
        reason, forced = "full", op["force"]
    if answer["reason"] != reason or ("forced" in answer["flags"]) != forced:
        return False
    if reason == "already_admitted" and answer["first_at"] != came_in(moves):
        return False
    if reason and not forced:
        return answer["verdict"] == "refused"
    verdict = "left" if op["direction"] == "out" else "admitted"
    if answer["verdict"] != verdict:
        return False
    moves.append({"verdict": verdict, "inside": verdict == "admitted", "at": op["at"], "scan": answer["scan"]})
    return True


def undo(house, register, op):
    """Takes back the last move at the checkpoint, if it is the scan that was named."""
    answer = op["answer"]
    standing = [moves for (checkpoint, _), moves in register.moves.items()
                if checkpoint == op["checkpoint"] and moves and any(move["scan"] == op["scan"] for move in moves)]
    if "error" in answer:
        last = standing and standing[0][-1]["scan"] == op["scan"]
        return answer["error"] in ("stale", "not_found") and not last
    if not standing or standing[0][-1]["scan"] != op["scan"]:
        return False
    standing[0].pop()
    return True


def change(house, register, op):
    """Everything that is not a scan: answered without an error, it was done."""
    what, answer = op["what"], op["answer"]
    if what == "cancel":
        register.status = "cancelled"
        register.booked = set()
    elif what == "restore":
        register.status = "confirmed"
    elif what == "update":
        register.ticket = op.get("ticket", register.ticket)
        register.paid = op.get("paid", register.paid)
        register.blocked = op.get("blocked", register.blocked)
    elif what == "transfer":
        register.replaced |= set(register.credentials)
        register.credentials = {answer["credential"]: "ticket"}
        register.blocked = register.blocked
    elif what == "reissue":
        register.credentials = {credential: kind for credential, kind in register.credentials.items()
                                if kind != op["kind"]}
        register.credentials[answer["credential"]] = op["kind"]
    elif what == "book":
        if "error" in answer:
            return answer["error"] == "invalid_params" and register.status != "confirmed" and \
                op["session"] not in register.booked
        if register.status != "confirmed" and op["session"] not in register.booked:
            return False
        register.booked.add(op["session"])
    elif what == "unbook":
        register.booked.discard(op["session"])
    return True


STEPS = {"scan": scan, "undo": undo}


def step(house, register, op):
    after = copy.deepcopy(register)
    return after if STEPS.get(op["what"], change)(house, after, op) else None


def explain(house, register, history):
    """
    Whether there is an order of the history in which every answer is right: None, or else how far one comes, in words.
    `history`: operations with `start` and `end`; what ended before another began comes before it.
    """
    ops = sorted(history, key=lambda op: op["start"])
    tried, furthest = set(), (-1,)
    stack = [(0, frozenset(), register)]
    while stack:
        first, done_beyond, state = stack.pop()
        while first < len(ops) and first in done_beyond:
            done_beyond -= {first}
            first += 1
        if first == len(ops):
            return None
        key = (first, done_beyond, state.key())
        if key in tried:
            continue
        tried.add(key)
        pending, horizon, at = [], float("inf"), first
        while at < len(ops) and ops[at]["start"] <= horizon:
            if at not in done_beyond:
                pending.append(at)
                horizon = min(horizon, ops[at]["end"])
            at += 1
        if first + len(done_beyond) > furthest[0]:
            furthest = (first + len(done_beyond), state, [ops[i] for i in pending], ops[max(0, first - 6):first])
        for i in reversed(pending):
            after = step(house, state, ops[i])
            if after:
                stack.append((first, done_beyond | {i}, after))
    return describe(house, *furthest)


def describe(house, done, state, pending, before):
    def line(op):
        answer = {name: op["answer"][name] for name in ("verdict", "reason", "flags", "first_at", "error", "version", "status", "scan")
                  if name in op["answer"]}
        asked = {name: str(value)[-24:] for name, value in op.items() if name not in ("answer", "start", "end", "what")}
        expected = f" (the model: {reason_of(house, state, op)})" if op["what"] == "scan" else ""
        return f"{op['start']:.6f}-{op['end']:.6f} {op['what']} {asked} -> {answer}{expected}"
    return "\n".join([f"after {done} operations: {state.key()}", "before:", *map(line, before), "none of these fits:",
                      *map(line, pending)])
