# SPDX-License-Identifier: Apache-2.0
"""schema_check.py SCHEMA PROGRAM: every line that PROGRAM prints is what SCHEMA describes.

Also that the schema can say no: a line with a field too many, or one too few, is refused.
"""
import json
import subprocess
import sys

import jsonschema


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    # By type: an error message that goes through all of oneOf says nothing. An event is tried as
    # another type only once, because every type fixes its own event_type.
    validators = {}
    for kind in schema["oneOf"]:
        described = kind["properties"]["event_type"]
        for event_type in described.get("enum", [described.get("const")]):
            validators[event_type] = jsonschema.Draft202012Validator(kind)
    whole = jsonschema.Draft202012Validator(schema)
    output = subprocess.run(sys.argv[2:], stdout=subprocess.PIPE, check=True).stdout
    failures = 0
    seen = set()
    lines = output.decode("utf-8").splitlines()
    for line in lines:
        event = json.loads(line)
        kind = event["event_type"]
        seen.add(kind)
        for error in validators[kind].iter_errors(event):
            failures += 1
            print(f"{kind}: /{'/'.join(map(str, error.absolute_path))}: {error.message}")
        if not whole.is_valid(event):
            failures += 1
            print(f"{kind}: not exactly one of the types")
        for name in event:
            less = {k: v for k, v in event.items() if k != name}
            if validators[kind].is_valid(less) and name != "raw_bytes":
                failures += 1
                print(f"{kind}: valid without {name}")
        if validators[kind].is_valid({**event, "no_such_field": 1}):
            failures += 1
            print(f"{kind}: valid with a field too many")
    for kind in sorted(set(validators) - seen):
        failures += 1
        print(f"{kind}: no line of this type")
    print(f"{len(lines)} lines, {failures} failures")
    return 1 if failures else 0


sys.exit(main())
