#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
The methods' part of docs/protocol.md, made from what `server.describe` says.

    tests/docs/protocol.py           compares the document with a daemon of its own; status 1 and a diff when they differ
    tests/docs/protocol.py --write   puts what the daemon says into the document

`./dev docs` builds the daemon and does the second. USHERD_BUILD names another build directory.
"""
import difflib
import json
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import place  # noqa: E402

DOCUMENT = place.TOP / "docs" / "protocol.md"
BEGIN = "<!-- methods: made by ./dev docs; change the method tables instead -->\n"
END = "<!-- methods: end -->\n"

# Every method takes or may answer with these; the document says so once, above the tables.
OF_ALL_PARAMS = ("deadline_ms", "request_key")
OF_ALL_RESULTS = ("replayed",)
OF_ALL_ERRORS = ("unauthenticated", "forbidden", "invalid_params", "internal", "deadline")

PATTERNS = {
    "^[a-z0-9][a-z0-9._-]{0,63}$": "slug",
    "^([01][0-9]|2[0-3]):[0-5][0-9]$": '"HH:MM"',
    "^#[0-9a-fA-F]{6}$": '"#rrggbb"',
    "^[A-Z]{2}$": "two letters",
}
FORMATS = {"date-time": "time", "date": "date", "uuid": "UUID"}

# Objects that stand in many results: known by these members, and told once.
SHAPES = {
    "conflict": {"kind", "severity", "message", "sessions"},
    "scheduled session": {"session", "guid", "start", "end", "status"},
}
CONFLICT_KINDS = {"room_taken", "speaker_taken"}


def is_null(schema):
    return schema.get("type") == "null"


def span(schema, least, most, unit=""):
    low, high = schema.get(least), schema.get(most)
    if high is not None and high > 2**53:
        high = None
    if low is None and high is None:
        return ""
    if low is None or low == 0 and unit:
        return f", at most {high}{unit}"
    if high is None:
        return f", at least {low}{unit}"
    return f", {low} to {high}{unit}"


def text_words(schema):
    pattern, form = schema.get("pattern"), schema.get("format")
    if pattern in PATTERNS:
        return PATTERNS[pattern]
    if form in FORMATS:
        return FORMATS[form]
    if pattern:
        return f"text like `{pattern}`"
    if (schema.get("minLength"), schema.get("maxLength")) == (1, 300):
        return "text"
    return "text" + span(schema, "minLength", "maxLength", " characters")


def shape_of(schema):
    members = set(schema.get("properties", {}))
    return next((name for name, known in SHAPES.items() if known <= members), None)


def enum_words(enum):
    return "conflict kind" if CONFLICT_KINDS <= set(enum) else " \\| ".join(f'"{word}"' for word in enum)


def object_words(schema):
    members = schema.get("properties")
    if shape_of(schema):
        return shape_of(schema)
    if not members and isinstance(schema.get("additionalProperties"), dict):
        names = schema.get("propertyNames", {}).get("enum")
        name = enum_words(names) if names else "name"
        return "{" + name + ": " + words(schema["additionalProperties"]) + "}"
    required = schema.get("required", [])
    return "{" + ", ".join(f"{name}{'' if name in required else '?'}: {words(member)}" for name, member in members.items()) + "}"


def array_words(schema):
    items = schema["items"]
    if schema.get("minItems") == schema.get("maxItems") == 2 and items.get("format") == "date-time":
        return "[from, to]"
    return "list of " + words(items) + span(schema, "minItems", "maxItems", " of them")


def words(schema):
    """A type in words, on one line of a Markdown table."""
    if "anyOf" in schema:
        choices = list(dict.fromkeys(words(choice) for choice in schema["anyOf"] if not is_null(choice)))
        return " or ".join(choices + (["null"] if any(map(is_null, schema["anyOf"])) else []))
    if "enum" in schema:
        return enum_words(schema["enum"])
    kind = schema.get("type")
    if kind == "string":
        return text_words(schema)
    if kind == "array":
        return array_words(schema)
    if kind == "object":
        return object_words(schema)
    if kind == "integer":
        return "integer" + span(schema, "minimum", "maximum")
    return {"boolean": "true \\| false", "null": "null", None: "anything"}[kind]


def param_words(schema):
    """A parameter may be null for absent: that is said once."""
    said = words(schema)
    said = said[: -len(" or null")] if said.endswith(" or null") else said
    return said.replace(" or null", "")


def default(schema):
    return f"`{json.dumps(schema['default'], ensure_ascii=False)}`" if "default" in schema else ""


def params_table(params):
    rows = [(name, schema) for name, schema in params["properties"].items() if name not in OF_ALL_PARAMS]
    if not rows:
        return ["No parameters.", ""]
    lines = ["| parameter | type | default | |", "| --- | --- | --- | --- |"]
    for name, schema in rows:
        mark = f"**{name}**" if name in params["required"] else name
        lines.append(f"| {mark} | {param_words(schema)} | {default(schema)} | {schema.get('description', '')} |")
    return lines + [""]


def own_members(result):
    """Without what any method may answer with; where it is required, it is the method's own."""
    return {name: schema for name, schema in result["properties"].items()
            if name not in OF_ALL_RESULTS or name in result["required"]}


def same_as(result, seen, itself=None):
    """The method whose table tells of the same object: one that gets it, or one before this."""
    members = own_members(result)
    for name, other in seen.items():
        if name != itself and own_members(other) == members and len(members) > 4:
            return name
    return None


def member_words(schema, seen):
    """`list` answers with what `get` does, in a list; others bear it as a member."""
    of = same_as(schema, seen) if schema.get("properties") else None
    if of:
        return f"what `{of}` answers with"
    if schema.get("type") == "array" and schema["items"].get("properties"):
        of = same_as(schema["items"], seen)
    return f"list of what `{of}` answers with" if of else words(schema)


def result_lines(name, result, seen):
    same = same_as(result, seen, name)
    seen[name] = result
    if same:
        return [f"Answers with the same as `{same}`.", ""]
    lines = ["| result | type | |", "| --- | --- | --- |"]
    for member, schema in own_members(result).items():
        kind = member_words(schema, seen)
        mark = member if member in result["required"] else member + "?"
        lines.append(f"| {mark} | {kind} | {schema.get('description', '')} |")
    return (lines if len(lines) > 2 else ["Answers with an empty object."]) + [""]


def method_lines(name, method, seen):
    traits = [f"role `{method['role']}`"]
    if "request_key" in method["params"]["properties"]:
        traits.append("takes a request key")
    elif method["changes"]:
        traits.append("changes state")
    lines = [f"#### `{name}`", "", f"{method['summary'][0].upper()}{method['summary'][1:]}. {', '.join(traits).capitalize()}.", ""]
    lines += params_table(method["params"])
    lines += result_lines(name, method["result"], seen)
    errors = [kind for kind in method["errors"] if kind not in OF_ALL_ERRORS]
    if errors:
        lines += ["Errors: " + ", ".join(f"`{kind}`" for kind in errors) + ".", ""]
    return lines


def shapes_in(schema):
    """(name, schema) of every object known by its members, at any depth."""
    if isinstance(schema, list):
        for item in schema:
            yield from shapes_in(item)
    if isinstance(schema, dict):
        if shape_of(schema):
            yield shape_of(schema), schema
        for member in schema.values():
            yield from shapes_in(member)


def shape_lines(methods):
    found = {}
    for name in sorted(methods):
        for shape, schema in shapes_in(methods[name]["result"].get("properties", {})):
            members = {member: words(of) for member, of in schema["properties"].items()}
            assert found.setdefault(shape, (schema, members))[1] == members, f"two shapes pass for one {shape}: see {name}"
    lines = ["### Objects that stand in several results", ""]
    for shape in sorted(found):
        schema, members = found[shape]
        lines += [f"#### {shape}", "", "| member | type | |", "| --- | --- | --- |"]
        for member, kind in members.items():
            mark = member if member in schema["required"] else member + "?"
            lines.append(f"| {mark} | {kind} | {schema['properties'][member].get('description', '')} |")
        lines.append("")
    return lines if found else []


def get_first(name):
    noun, verb = name.split(".")
    return noun, verb != "get", verb


def render(methods):
    """The part between BEGIN and END, from the `methods` of server.describe."""
    lines, noun = shape_lines(methods), None
    seen = {name: methods[name]["result"] for name in sorted(methods) if name.endswith(".get")}
    for name in sorted(methods, key=get_first):
        if name.split(".")[0] != noun:
            noun = name.split(".")[0]
            lines += [f"### {noun}", ""]
        lines += method_lines(name, methods[name], seen)
    return "\n".join(lines)


def written(text):
    """That part as it stands in the document."""
    return text.split(BEGIN, 1)[1].split(END, 1)[0]


def rewritten(text, part):
    before, rest = text.split(BEGIN, 1)
    return before + BEGIN + part + END + rest.split(END, 1)[1]


def ask():
    """What a daemon of this build says of its methods."""
    from harness.daemon import Daemon
    directory = place.make_directory("usherd-docs-")
    daemon = Daemon(directory, place.stage(directory / "programs"))
    try:
        daemon.start()
        with daemon.client() as client:
            return client.call("server.describe")["methods"]
    finally:
        daemon.stop()
        shutil.rmtree(directory)


def main():
    text = DOCUMENT.read_text(encoding="utf-8")
    new = rewritten(text, render(ask()))
    if sys.argv[1:] == ["--write"]:
        DOCUMENT.write_text(new, encoding="utf-8")
        return 0
    sys.stdout.writelines(difflib.unified_diff(text.splitlines(True), new.splitlines(True), "docs/protocol.md", "the daemon"))
    return 0 if text == new else 1


if __name__ == "__main__":
    sys.exit(main())
