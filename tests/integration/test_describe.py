# SPDX-License-Identifier: Apache-2.0
"""server.describe says what is: the client holds every reply to it; here it is looked at itself."""
import jsonschema
import pytest

ROLES = ["public", "door", "desk", "organiser", "admin"]
WITHOUT_KEY = ("token.", "auth.", "watch.", "server.")


@pytest.fixture(scope="module")
def methods(daemon):
    with daemon.client() as client:
        return client.call("server.describe")["methods"]


def test_every_method_is_described_in_full(methods):
    assert methods
    for name, method in methods.items():
        assert set(method) == {"role", "summary", "changes", "params", "result", "errors"}, name
        assert method["role"] in ROLES and method["summary"] and isinstance(method["changes"], bool), name
        assert method["errors"] and len(method["errors"]) == len(set(method["errors"])), name


def test_the_schemas_are_schemas_and_closed(methods):
    for name, method in methods.items():
        for part in ("params", "result"):
            jsonschema.Draft202012Validator.check_schema(method[part])
            assert method[part]["additionalProperties"] is False, f"{name} {part}"


def objects(schema, path=""):
    """Every schema of an object within a schema."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield path, schema
        for key, value in schema.items():
            yield from objects(value, f"{path}/{key}")
    elif isinstance(schema, list):
        for n, value in enumerate(schema):
            yield from objects(value, f"{path}/{n}")


def test_no_object_within_them_is_left_open(methods):
    for name, method in methods.items():
        for part in ("params", "result"):
            for path, schema in objects(method[part]):
                assert "additionalProperties" in schema and schema["additionalProperties"] is not True, f"{name} {part}{path}"


def test_no_result_accepts_just_anything(methods):
    for name, method in methods.items():
        validator = jsonschema.Draft202012Validator(method["result"])
        assert not validator.is_valid({"x": 1}), name
        assert not validator.is_valid([]) and not validator.is_valid(None), name


def test_every_method_takes_a_deadline(methods):
    for name, method in methods.items():
        deadline = method["params"]["properties"]["deadline_ms"]
        validator = jsonschema.Draft202012Validator(deadline)
        assert validator.is_valid(1) and validator.is_valid(600000), name
        assert not validator.is_valid(0) and not validator.is_valid(600001), name


def test_what_changes_takes_a_request_key_and_nothing_else_does(methods):
    for name, method in methods.items():
        expected = method["changes"] and not name.startswith(WITHOUT_KEY) and name != "checkin.scan"
        assert ("request_key" in method["params"]["properties"]) == expected, name
        assert ("replayed" in method["result"]["properties"]) == (expected or name == "checkin.scan"), name


def test_one_method_may_be_asked_for(daemon, methods):
    with daemon.client() as client:
        assert client.call("server.describe", {"method": "room.put"})["methods"] == {"room.put": methods["room.put"]}


def test_an_unknown_parameter_is_refused_by_every_method(admin, methods):
    for name in methods:
        error = admin.fails("invalid_params", name, {"no such parameter": 1})
        assert error.data["path"], name


def test_a_missing_parameter_is_named_by_every_method(admin, methods):
    for name, method in methods.items():
        for missing in method["params"]["required"][:1]:
            assert admin.fails("invalid_params", name).data["path"] == f"/{missing}", name


def wrong_value(schema):
    """Something that the schema of a parameter does not take, or None where it takes anything."""
    validator = jsonschema.Draft202012Validator(schema)
    for value in ({"no such member": 1}, 5, "", "?!", -10**12, [5]):
        if not validator.is_valid(value):
            return value
    return None


def test_every_parameter_is_held_to_its_schema(admin, methods):
    for name, method in methods.items():
        for parameter, schema in method["params"]["properties"].items():
            value = wrong_value(schema)
            if value is None:
                continue
            data = admin.fails("invalid_params", name, {parameter: value}).data
            required = {f"/{one}" for one in method["params"]["required"]}
            assert data["path"] in required or data["path"].startswith(f"/{parameter}"), f"{name} {parameter}: {data}"


def test_the_table_of_methods_has_those_of_the_contract(methods):
    expected = {"server.info", "server.ping", "server.describe", "auth.login", "auth.whoami", "auth.enrol", "token.create",
                "token.list", "token.revoke", "token.invite", "event.put", "event.get", "event.list", "event.delete",
                "room.put", "room.get", "room.list", "room.delete", "track.put", "speaker.put", "session.put",
                "schedule.place", "schedule.get", "schedule.now", "schedule.publish", "ticket.put", "registration.create",
                "registration.get", "registration.find", "checkpoint.put", "checkin.scan"}
    assert expected <= set(methods), expected - set(methods)
