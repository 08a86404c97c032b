#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Short runs of scripts/throughput and scripts/overhead, whose figures must make sense.

usage: measuring_test.py SOURCE BUILD

No figure is held against another one of speed: that is what the scripts are for, on a machine that is quiet.
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import xml.dom.minidom

SKIP = 77
LIMIT = 240  # seconds; two of them are below meson's limit


def run(*command):
    """Runs a script and returns its output. A script that does not end is killed, with the agent that it started."""
    script = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        text, _ = script.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        os.killpg(script.pid, signal.SIGKILL)
        text, _ = script.communicate()
        sys.exit(f"FAILED: {' '.join(command)} did not end within {LIMIT} s and was killed:\n{text}")
    if script.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {script.returncode}:\n{text}")
    return text


def check(condition, what):
    if not condition:
        sys.exit(f"FAILED: {what}")


def throughput(source, build, folder):
    text = run(os.path.join(source, "scripts/throughput"), "--build", build, "--seconds", "2", "--output", folder,
               "mixed", "open@2000", "write@2000x2")
    check("printed or counted as lost" in text, "the report says that everything is accounted for")
    with open(os.path.join(folder, "report.json"), encoding="utf-8") as file:
        document = json.load(file)
    xml.dom.minidom.parse(os.path.join(folder, "report.svg"))
    check(os.path.getsize(os.path.join(folder, "report.md")) > 0, "there is a report in Markdown")
    results = document["results"]["this"]
    check([r["run"] for r in results] == ["mixed", "open@2000", "write@2000x2"], "each run is reported, in order")
    for r in results:
        name, events = r["run"], r["events"]
        happened, printed, lost = events["happened"], events["printed"], events["lost"]
        for kind in happened:
            reported = printed.get(kind, 0) + lost.get(kind, 0)
            # Other processes make some of these kinds, too; some of the losses may be theirs.
            check(reported == happened[kind] or (kind in lost and reported > happened[kind]),
                  f"{name}: {kind}: {printed.get(kind, 0)} printed + {lost.get(kind, 0)} lost = {happened[kind]}")
        latency = r["latency_ns"]
        check(0 < latency["p50"] <= latency["p99"] <= latency["max"], f"{name}: latencies are in order")
        check(latency["count"] == sum(printed.values()), f"{name}: each line has its latency")
        check(r["health"]["raw_events_read"] >= sum(printed.values()), f"{name}: no line without a record")
        check(100 < r["bytes_per_event"] < 10_000, f"{name}: a line has a plausible size")
        check(min(r["cpu_seconds"].values()) > 0, f"{name}: both processes took CPU time")
        check(r["rss_kb"]["most_together"] >= r["rss_kb"]["idle"] > 1000, f"{name}: resident memory was seen")
        check(any(p["name"] == "rg_sys_exit" and 0 < p["runs"] < p["ns"] for p in r["programs"]),
              f"{name}: the time of programs was measured")
    limited = results[1]
    check(limited["operations"] <= 2000 * limited["seconds"] + 1, "the rate limits")
    check({"process_exec", "file_open", "file_write", "network_connect"} <= set(results[0]["events"]["printed"]),
          "mixed is mixed")


def overhead(source, build, folder):
    path = os.path.join(folder, "overhead.json")
    text = run(os.path.join(source, "scripts/overhead"), "--build", build, "--seconds", "0.1", "--repeat", "2",
               "--json", path, "getppid", "open", "open-watched")
    check("open + close, watched, printed" in text, "the report names the loop")
    with open(path, encoding="utf-8") as file:
        rows = json.load(file)["variants"]["rand-guard"]
    for name, row in rows.items():
        check(0 < row["off_least"] <= row["off_median"], f"{name}: the least is not above the median")
        check(row["added_low"] <= row["added_high"], f"{name}: the interval is one")
    check("lost_part" not in rows["open"] and 0 <= rows["open-watched"]["lost_part"] <= 1,
          "what is recorded is accounted for")


def main(source, build):
    if os.geteuid() != 0:
        print("skipped: loading eBPF programs takes root")
        return SKIP
    with tempfile.TemporaryDirectory() as folder:
        throughput(source, build, folder)
        overhead(source, build, folder)
    print("both scripts' figures make sense")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
