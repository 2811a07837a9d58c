# SPDX-License-Identifier: Apache-2.0
"""server.describe says what is: the client holds every reply to it; here it is looked at itself."""
import json
import re

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
        data = admin.fails("invalid_params", name, {"no such parameter": 1}).data
        assert data == {"kind": "invalid_params", "path": "/no such parameter", "expected": "no such parameter"}, name


def test_each_missing_parameter_is_named_by_every_method(admin, methods):
    """Those before it in the table are given as something that fits; so the next that is missing is told."""
    for name, method in methods.items():
        properties, given = method["params"]["properties"], {}
        for missing in method["params"]["required"]:
            data = admin.fails("invalid_params", name, given).data
            assert data == {"kind": "invalid_params", "path": f"/{missing}", "expected": "to be given"}, name
            assert admin.fails("invalid_params", name, {**given, missing: None}).data == data, name
            given[missing] = fitting(properties[missing])


def alternatives(schema):
    """The schemas of which a value fits one, null aside."""
    return [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]


def fitting(schema):
    """Something that the schema takes."""
    one = alternatives(schema)[0]
    if "enum" in one:
        return one["enum"][0]
    kind = one.get("type")
    if kind == "string":
        for text in ("UTC", "a1", "2025-10-25T09:30:00+08:00", "2025-10-25", "08:30", "01890a5d-ac96-774b-bcce-b302099a8057", "#1f77b4", "CN"):
            if "pattern" not in one or re.search(one["pattern"], text):
                return text
    if kind == "integer":
        return one.get("minimum", 1)
    if kind == "boolean":
        return True
    if kind == "array" and one["items"].get("format") == "date-time":
        return ["2025-10-25T09:30:00+08:00", "2025-10-25T10:30:00+08:00"]
    if kind == "array":
        count = max(one.get("minItems", 0), 1)
        return [fitting(one["items"])] * count
    if kind == "object":
        return {name: fitting(one["properties"][name]) for name in one.get("required", [])}
    return 1


OTHER_TYPES = [True, 5, 1.5, "no such word!", [], {}]


def containers(choices):
    """Of what is wrong within a container the path leads there: see wrong_within."""
    return [{"object": dict, "array": list}[one["type"]] for one in choices if one.get("type") in ("object", "array")]


def wrong(schema):
    """(value, path within it, words that `expected` must have): what the schema does not take, at each of its edges."""
    choices = alternatives(schema)
    if choices == [{}] or (len(choices) == 1 and "type" not in choices[0] and "enum" not in choices[0]):
        return
    validator = jsonschema.Draft202012Validator(schema)
    for value in OTHER_TYPES:
        if type(value) not in containers(choices) and not validator.is_valid(value):
            yield value, "", []
    if len(choices) > 1:
        return
    one = choices[0]
    if "enum" in one:
        yield "no such word", "", [json.dumps(word) for word in one["enum"]]
    if "minimum" in one:
        told = [str(one["minimum"]), str(one["maximum"])]
        if one["minimum"] > -2**63:
            yield one["minimum"] - 1, "", told
        if one["maximum"] < 2**63 - 1:
            yield one["maximum"] + 1, "", told
    if "maxLength" in one and one["maxLength"] <= 300:
        yield "参" * (one["maxLength"] + 1), "", [str(one["maxLength"])]
    if one.get("minLength"):
        yield "", "", [str(one["minLength"])]
        yield " " * one["minLength"], "", []
    if one.get("pattern") or one.get("format"):
        yield "", "", []
        yield "2025-13-45T99:99:99+08:00", "", []
    if "maxItems" in one and one["maxItems"] <= 1000:
        yield [fitting(one["items"])] * (one["maxItems"] + 1), "", []
    if one.get("minItems"):
        yield fitting(one)[:one["minItems"] - 1], "", []
    yield from wrong_within(one)


def wrong_within(schema):
    if "maxProperties" in schema and "propertyNames" not in schema:
        item = fitting(schema["additionalProperties"])
        yield {f"n{n}": item for n in range(schema["maxProperties"] + 1)}, "", [str(schema["maxProperties"])]
        yield {"x" * 65: item}, f"/{'x' * 65}", []
    if isinstance(schema.get("additionalProperties"), dict):
        name = schema.get("propertyNames", {}).get("enum", ["name"])[0]
        for value, path, told in wrong(schema["additionalProperties"]):
            yield {name: value}, f"/{name}{path}", told
    if schema.get("type") == "object" and schema.get("additionalProperties") is False:
        yield {"no such member": 1}, "/no such member", []
        for missing in schema["required"]:
            yield {name: value for name, value in fitting(schema).items() if name != missing}, f"/{missing}", []
        for name, inner in schema["properties"].items():
            for value, path, told in wrong(inner):
                yield {**fitting(schema), name: value}, f"/{name}{path}", told
    if schema.get("type") == "array" and schema["items"].get("format") != "date-time":
        for value, path, told in wrong(schema["items"]):
            yield [fitting(schema["items"]), value], f"/1{path}", told


# Its rows are judged one by one: one that does not fit is refused alone, and told in the answer.
BY_ONE = {("registration.import", "rows")}


def test_every_parameter_is_held_to_its_schema_at_each_of_its_edges(admin, methods):
    count = 0
    for name, method in methods.items():
        for parameter, schema in method["params"]["properties"].items():
            for value, path, told in wrong(schema):
                if (name, parameter) in BY_ONE and path:
                    continue
                data = admin.fails("invalid_params", name, {parameter: value}).data
                assert data["path"] == f"/{parameter}{path}", f"{name} {parameter} = {value!r}: {data}"
                assert data["expected"] and all(word in data["expected"] for word in told), f"{name} {parameter} = {value!r}: {data}"
                count += 1
    assert count > 1000, f"only {count} values were tried"


def test_the_table_of_methods_has_those_of_the_contract(methods):
    expected = {"server.info", "server.ping", "server.describe", "auth.login", "auth.whoami", "auth.enrol", "token.create",
                "token.list", "token.revoke", "token.invite", "event.put", "event.get", "event.list", "event.delete",
                "room.put", "room.get", "room.list", "room.delete", "track.put", "speaker.put", "session.put",
                "schedule.place", "schedule.get", "schedule.now", "schedule.publish", "ticket.put", "registration.create",
                "registration.get", "registration.find", "checkpoint.put", "checkin.scan"}
    assert expected <= set(methods), expected - set(methods)
