# SPDX-License-Identifier: Apache-2.0
"""schema_check.py SCHEMA PROGRAM: every line that PROGRAM prints is what SCHEMA describes. Then the same of the lines
that it prints with the arguments "json omit": those have no field that says nothing.

Also that the schema can say no: a line with a field too many, or one too few, is refused. And that it promises
nothing that is never kept: of each field with an enum, each value is in some line.
"""
import json
import subprocess
import sys

import jsonschema

# Fields that only some lines have: lines of one type, or of any.
NOT_IN_ALL = {"raw_bytes": None, "container_rootless": None, "nested_containers": None, "hook": "loss",
              "causes": "loss", "canary": "health", "rule_source": "alert", "rule_author": "alert", "rule_status": "alert",
              "rule_references": "alert", "rule_false_positives": "alert", "group": "alert", "matches": "alert",
              "matches_total": "alert", "sigma": "health", "outputs": "health", "alerts_below_severity": "health"}


def promised(schema, path=""):
    """Yields (path, value) for each value of each enum; what holds list items or null counts as what it holds."""
    for value in schema.get("enum", []):
        yield path, value
    for name, member in schema.get("properties", {}).items():
        yield from promised(member, f"{path}/{name}")
    if "items" in schema:
        yield from promised(schema["items"], path)


def kept(value, path=""):
    """Yields (path, value) for each member of a line."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from kept(member, f"{path}/{name}")
    elif isinstance(value, list):
        for item in value:
            yield from kept(item, path)
    else:
        yield path, value


def check_omitted(schema, command):
    """The number of failures."""
    validator = jsonschema.Draft202012Validator(schema)
    may_be_omitted = {}
    for kind in schema["oneOf"]:
        described = kind["properties"]["event_type"]
        for event_type in described.get("enum", [described.get("const")]):
            may_be_omitted[event_type] = set(kind.get("x-required-unless-omitted", []))
    failures = lines = omitted = 0
    for line in subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode("utf-8").splitlines():
        event = json.loads(line)
        lines += 1
        names = may_be_omitted[event["event_type"]]
        omitted += len(names - set(event))
        if not validator.is_valid(event):
            failures += 1
            print(f"{event['event_type']}: with omit_empty no line of the schema")
        for name in names & set(event):
            # A text that stands in the line already is null, or empty.
            if event[name] in (None, False) and f"/{name}" not in event.get("same_as", {}):
                # A field that may be null is there when it is false.
                if event[name] is None or not nullable(schema, event["event_type"], name):
                    failures += 1
                    print(f"{event['event_type']}: {name} is {event[name]} with omit_empty")
    if omitted < lines:
        failures += 1
        print(f"of {lines} lines only {omitted} fields were left out")
    return failures


def nullable(schema, event_type, name):
    for kind in schema["oneOf"]:
        described = kind["properties"]["event_type"]
        if event_type in described.get("enum", [described.get("const")]):
            return "null" in kind["properties"][name].get("type", [])
    return False


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    failures = check_omitted(schema, [*sys.argv[2:], "json", "omit"])
    # A line with all of its fields has these, too.
    for kind in schema["oneOf"]:
        kind["required"] += kind.get("x-required-unless-omitted", [])
    # By type: an error message that goes through all of oneOf says nothing. An event is tried as
    # another type only once, because every type fixes its own event_type.
    validators = {}
    for kind in schema["oneOf"]:
        described = kind["properties"]["event_type"]
        for event_type in described.get("enum", [described.get("const")]):
            validators[event_type] = jsonschema.Draft202012Validator(kind)
    whole = jsonschema.Draft202012Validator(schema)
    output = subprocess.run(sys.argv[2:], stdout=subprocess.PIPE, check=True).stdout
    seen = set()
    shapes = set()
    values = set()  # (event type, path, value)
    lines = output.decode("utf-8").splitlines()
    for line in lines:
        event = json.loads(line)
        kind = event["event_type"]
        seen.add(kind)
        values.update((kind, *member) for member in kept(event))
        for error in validators[kind].iter_errors(event):
            failures += 1
            print(f"{kind}: /{'/'.join(map(str, error.absolute_path))}: {error.message}")
        # The rest depends on which fields there are and on their types, not on their values.
        shape = (kind, tuple((name, type(value).__name__) for name, value in event.items()))
        if shape in shapes:
            continue
        shapes.add(shape)
        if not whole.is_valid(event):
            failures += 1
            print(f"{kind}: not exactly one of the types")
        for name in event:
            less = {k: v for k, v in event.items() if k != name}
            if validators[kind].is_valid(less) and NOT_IN_ALL.get(name, "") not in (None, kind):
                failures += 1
                print(f"{kind}: valid without {name}")
        if validators[kind].is_valid({**event, "no_such_field": 1}):
            failures += 1
            print(f"{kind}: valid with a field too many")
    for kind in sorted(set(validators) - seen):
        failures += 1
        print(f"{kind}: no line of this type")
    enums = 0
    for kind in schema["oneOf"]:
        described = kind["properties"]["event_type"]
        types = described.get("enum", [described.get("const")])
        for path, value in promised(kind):
            enums += 1
            if not any((event_type, path, value) in values for event_type in types):
                failures += 1
                print(f"{kind['title']}: {path} is never {value}")
    print(f"{len(lines)} lines, {enums} values of enums, {failures} failures")
    return 1 if failures else 0


sys.exit(main())
