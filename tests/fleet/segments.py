# SPDX-License-Identifier: Apache-2.0
"""Writes lines into segments as the analyzer does: names, growth, manifests, rights (analyzer/output/sinks/segments.h).

Lines are real ones, with the host, the boot and the number of each writer put in their places. They are counted, to be
compared with what a store has: how many, and the sum of their checksums, which no order changes.
"""
import hashlib
import json
import os
import random
import re
import uuid
from collections import Counter
from dataclasses import dataclass, field

import xxhash

ENDED = 0o440
SUM = 1 << 64


@dataclass
class Written:
    """All that was written of one boot."""
    first: int = 0
    last: int = 0
    lines: int = 0
    alerts: int = 0
    bytes: int = 0
    sum: int = 0  # of the first 64 bits of the MD5 of each line, modulo 2^64
    named: int = 0  # numbers that a loss line names, and no line has
    segments: int = 0  # ended, of all lines
    techniques: Counter = field(default_factory=Counter)  # alerts by technique


class Templates:
    """Lines of replays, each as what stands before its number, what stands behind it, and an alert's tags."""

    def __init__(self, replays, host, boot):
        self.lines = []
        for lines in replays:
            was = json.loads(lines[0])
            # Names of processes and events begin with the first half of the boot's id.
            halves = [text.replace("-", "")[:16] for text in (was["boot_id"], boot)]
            for line in lines:
                if was["boot_id"] not in line:
                    raise ValueError("a replay with two boots")
                line = line.replace(was["boot_id"], boot).replace(*halves)
                line = line.replace(f'"host":"{was["host"]}"', f'"host":"{host}"', 1)
                before, _, behind = re.fullmatch(r'(.*?"seq":)(\d+)(,.*)', line).groups()
                parsed = json.loads(line)
                tags = parsed["tags"] if parsed["event_type"] == "alert" else None
                self.lines.append((before.encode(), behind.encode(), tags))


class SegmentFile:
    """The segments of one name, all lines or alerts."""

    def __init__(self, folder, name, limit, owner, follows):
        """`limit`: bytes. `owner`: uid and gid. `follows`: behind one that has its size, the next is there at once."""
        self.folder, self.name, self.limit, self.owner, self.follows = folder, name, limit, owner, follows
        self.file = None
        self.ended = 0

    def begin(self, boot, seq):
        self.boot, self.first, self.lines, self.bytes = boot, seq, 0, 0
        self.digest = xxhash.xxh3_128()
        self.path = f"{self.folder}/{self.name}-{boot}-{seq:012}.ndjson"
        self.file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o640)
        os.fchown(self.file, *self.owner)

    def add(self, boot, seq, data, lines, last):
        """Whole lines, of which the first has the number `seq`."""
        if self.file is None:
            self.begin(boot, seq)
        self.digest.update(data)
        # In two writes, as where a buffer ends within a line.
        cut = random.randrange(len(data))
        os.write(self.file, data[:cut])
        os.write(self.file, data[cut:])
        self.lines += lines
        self.bytes += len(data)
        self.last = last
        if self.bytes >= self.limit:
            self.end()
            if self.follows:
                self.begin(boot, last + 1)

    def end(self):
        if self.file is None:
            return
        if self.lines == 0:
            os.close(self.file)
            os.unlink(self.path)
            self.file = None
            return
        manifest = (f'{{"event_type":"segment_end","boot_id":"{self.boot}","first_seq":{self.first},'
                    f'"last_seq":{self.last},"lines":{self.lines},'
                    f'"bytes":{self.bytes},"xxh128":"{self.digest.hexdigest()}"}}\n')
        os.write(self.file, manifest.encode())
        os.fchmod(self.file, ENDED)
        os.close(self.file)
        self.file = None
        self.ended += 1

    def tear(self, torn):
        """As an analyzer that is killed within a line leaves it."""
        os.write(self.file, torn)

    def mend(self):
        """As the next analyzer ends what was left."""
        os.ftruncate(self.file, self.bytes)
        self.end()


class Writer:
    """A host's analyzer."""

    def __init__(self, replays, host, folder, limit, owner):
        self.source, self.host, self.folder, self.limit, self.owner = replays, host, folder, limit, owner
        self.boots = {}
        self.events = SegmentFile(folder, "events", limit, owner, follows=True)
        self.alerts = SegmentFile(folder, "alerts", limit, owner, follows=False)
        self.total = 0
        self.boot()

    def boot(self):
        """The host starts anew: numbers begin with 1 under another id."""
        self.end()
        self.boot_id = str(uuid.uuid4())
        self.templates = Templates(self.source, self.host, self.boot_id).lines
        self.at = random.randrange(len(self.templates))
        self.seq = 1
        self.now = self.boots[self.boot_id] = Written(first=1)
        self.segments_before = self.events.ended

    def write(self, count):
        """That many lines at once."""
        while count > 0:
            # No more than the analyzer's buffer has.
            block, parts, alerts = min(count, 200), [], []
            first = self.seq
            for _ in range(block):
                before, behind, tags = self.templates[self.at]
                line = b"%s%d%s" % (before, self.seq, behind)
                self.count(line)
                parts.append(line)
                if tags is not None:
                    alerts.append((self.seq, line))
                    self.now.alerts += 1
                    self.now.techniques.update(tag[7:].upper() for tag in tags if re.match(r"attack\.t[0-9]+", tag))
                self.seq += 1
                self.at = (self.at + 1) % len(self.templates)
            for seq, line in alerts:
                self.alerts.add(self.boot_id, seq, line + b"\n", 1, seq)
            self.events.add(self.boot_id, first, b"\n".join(parts) + b"\n", block, self.seq - 1)
            count -= block
        self.now.segments = self.events.ended - self.segments_before

    def count(self, line):
        self.now.last = self.seq
        self.now.lines += 1
        self.now.bytes += len(line) + 1
        self.now.sum = (self.now.sum + int.from_bytes(hashlib.md5(line).digest()[:8], "big")) % SUM
        self.total += 1

    def say(self, event_type, **fields):
        """A line that no replay has, with the fields that a store takes from it."""
        line = json.dumps({"event_type": event_type, "boot_id": self.boot_id, "seq": self.seq, "timestamp_ns": 1,
                           "time": "2026-11-24T03:27:43.537271980Z", "host": self.host, "agent_id": "rand-guard",
                           **fields}, separators=(",", ":")).encode()
        self.count(line)
        self.events.add(self.boot_id, self.seq, line + b"\n", 1, self.seq)
        self.seq += 1
        self.now.segments = self.events.ended - self.segments_before

    def lose(self, count):
        """Numbers of lines that the output could not take, and the loss line that names them."""
        first = self.seq
        self.seq += count
        self.now.named += count
        self.say("loss", reason="output", kind=None, lane=None, count=count, total=count, first_seq=first,
                 last_seq=self.seq - 1, from_ns=1, to_ns=1)

    def tear(self):
        """The analyzer is killed within a line. The part is longer than the end of a segment, so that the file becomes
        shorter."""
        before, behind, _ = self.templates[self.at]
        self.events.tear((b"%s%d%s" % (before, self.seq, behind))[:500])

    def mend(self):
        self.events.mend()
        self.now.segments = self.events.ended - self.segments_before

    def end(self):
        self.events.end()
        self.alerts.end()
        if self.boots:
            self.now.segments = self.events.ended - self.segments_before
