# SPDX-License-Identifier: Apache-2.0
"""profile_check.py ecs|ocsf DATA COMMAND...: every line that COMMAND prints is one that the other schema allows.

DATA is what the schema says of itself: for ecs the fields with their types, tab-separated; for ocsf a JSON Schema. A
field that it does not have is a failure. Without that file the test is skipped (exit status 77): it is not a part of
this tree. With "-- FOLDER" in COMMAND, it is run with each capture below the folder behind it.

Also that the check can say no, and that each line has what every line has.
"""
import collections
import datetime
import ipaddress
import json
import os
import pathlib
import re
import subprocess
import sys

OWN = "rand_guard"
# The types of events that the Elastic Common Schema allows in each category; of those that lines have.
ALLOWED_TYPES = {
    "process": {"access", "change", "end", "info", "start"},
    "file": {"access", "change", "creation", "deletion", "info"},
    "network": {"access", "allowed", "connection", "denied", "end", "info", "protocol", "start"},
    "driver": {"change", "end", "info", "start"},
    "host": {"access", "change", "end", "info", "start"},
    "intrusion_detection": {"allowed", "denied", "info"},
}
ALLOWED_KINDS = {"alert", "asset", "enrichment", "event", "metric", "state", "pipeline_error", "signal"}


def once(pairs):
    """An object whose members are there once each."""
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names), f"a member is there twice: {names}"
    return dict(pairs)


def is_date(value):
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", value):
        return False
    datetime.datetime.strptime(value[:19], "%Y-%m-%dT%H:%M:%S")
    return True


def is_ip(value):
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return isinstance(value, str)


IS_OF = {
    "keyword": lambda value: isinstance(value, str),
    "wildcard": lambda value: isinstance(value, str),
    "match_only_text": lambda value: isinstance(value, str),
    "long": lambda value: isinstance(value, int) and not isinstance(value, bool) and -2**63 <= value < 2**63,
    "boolean": lambda value: isinstance(value, bool),
    "date": is_date,
    "ip": is_ip,
}


class Ecs:
    def __init__(self, path):
        self.fields = {}
        with open(path, encoding="utf-8") as file:
            for line in file:
                name, kind, array = line.rstrip("\n").split("\t")
                self.fields[name] = (kind, array == "array")

    def errors(self, event):
        yield from self.members(event, "")
        for name in ("@timestamp", "ecs.version", "event.kind", "event.id", "event.sequence"):
            value = event
            for part in name.split("."):
                value = value.get(part) if isinstance(value, dict) else None
            if value is None:
                yield f"{name} is missing"
        described = event.get("event", {})
        if described.get("kind") not in ALLOWED_KINDS:
            yield f"event.kind {described.get('kind')}"
        categories = described.get("category", [])
        allowed = set().union(*(ALLOWED_TYPES.get(category, set()) for category in categories))
        for category in categories:
            if category not in ALLOWED_TYPES:
                yield f"event.category {category}"
        for kind in described.get("type", []):
            if kind not in allowed:
                yield f"event.type {kind} is not of event.category {categories}"

    def members(self, value, path):
        for name, member in value.items():
            at = f"{path}.{name}" if path else name
            if at == OWN:
                if not isinstance(member, dict):
                    yield f"{at} is no object"
            elif isinstance(member, dict):
                if not member:
                    yield f"{at} is empty"
                yield from self.members(member, at)
            elif at not in self.fields:
                yield f"{at} is no field"
            else:
                kind, array = self.fields[at]
                if array != isinstance(member, list):
                    yield f"{at} is {'no ' if array else 'a '}list"
                    continue
                for item in member if array else [member]:
                    if not IS_OF[kind](item):
                        yield f"{at} is no {kind}: {item!r}"

    def broken(self, event):
        yield {**event, "no_such_field": 1}
        yield {**event, "process": {"no_such_field": 1}}
        yield {**event, "event": {**event["event"], "type": ["creation", "protocol"], "category": ["driver"]}}
        yield {name: value for name, value in event.items() if name != "event"}

    def kind_of(self, event):
        return event.get(OWN, {}).get("event_type")


class Ocsf:
    def __init__(self, path):
        import jsonschema  # pylint: disable=import-outside-toplevel

        with open(path, encoding="utf-8") as file:
            schema = json.load(file)
        # By class: an error message that goes through all of oneOf says nothing.
        self.classes = {
            one["properties"]["class_uid"]["const"]: jsonschema.Draft202012Validator(
                {"$schema": schema["$schema"], "$defs": schema["$defs"], **one})
            for one in schema["oneOf"]}

    def errors(self, event):
        validator = self.classes.get(event.get("class_uid"))
        if validator is None:
            yield f"no class {event.get('class_uid')}"
            return
        for error in validator.iter_errors(event):
            yield f"/{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
        if event["type_uid"] != event["class_uid"] * 100 + event["activity_id"]:
            yield "type_uid is not made of class_uid and activity_id"
        if event["category_uid"] != event["class_uid"] // 1000:
            yield "category_uid is not that of class_uid"
        for name in ("uid", "sequence"):
            if name not in event["metadata"]:
                yield f"metadata.{name} is missing"
        if not is_date(event.get("time_dt")):
            yield "time_dt is no time"

    def broken(self, event):
        yield {**event, "no_such_field": 1}
        yield {**event, "metadata": {**event["metadata"], "no_such_field": 1}}
        yield {name: value for name, value in event.items() if name != "metadata"} | {"metadata": {}}

    def kind_of(self, event):
        return event.get("metadata", {}).get("event_code")


def commands(words):
    if "--" not in words:
        return [words]
    at = words.index("--")
    captures = sorted(pathlib.Path(words[at + 1]).rglob("capture.rgcap*"))
    return [[*words[:at], str(capture)] for capture in captures]


def main():
    name, path = sys.argv[1:3]
    if not os.path.exists(path):
        print(f"skipped: no {path}")
        return 77
    checker = {"ecs": Ecs, "ocsf": Ocsf}[name](path)
    failures = collections.Counter()
    kinds = collections.Counter()
    shapes = set()
    for command in commands(sys.argv[3:]):
        output = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
        for line in output.decode("utf-8").splitlines():
            event = json.loads(line, object_pairs_hook=once)
            kind = checker.kind_of(event)
            kinds[kind] += 1
            if kind is None:
                failures["a line without its event type"] += 1
                continue
            errors = list(checker.errors(event))
            failures.update(f"{kind}: {error}" for error in errors)
            # Whether the check can say no depends on what members there are, not on their values.
            shape = (kind, tuple(sorted(event)))
            if errors or shape in shapes:
                continue
            shapes.add(shape)
            for broken in checker.broken(event):
                if not list(checker.errors(broken)):
                    failures[f"{kind}: a broken line is taken for a whole one"] += 1
    if not kinds:
        failures["no lines"] += 1
    for failure, count in failures.most_common(100):
        print(f"{count} times {failure}")
    print(f"{name}: {sum(kinds.values())} lines of {len(kinds)} types, {sum(failures.values())} failures")
    return 1 if failures else 0


sys.exit(main())
