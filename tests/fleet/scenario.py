# SPDX-License-Identifier: Apache-2.0
"""The things that happen to the fleet, and what must be in the store behind them."""
import glob
import random
import subprocess
import time
from collections import Counter

from segments import SUM

def check(condition, what):
    if not condition:
        raise AssertionError(what)


def say(what):
    print(f"fleet: {what}", flush=True)


class Scenario:
    def __init__(self, given, store, hosts, writers):
        self.given, self.store, self.hosts, self.writers = given, store, hosts, writers
        self.begun = time.monotonic()

    def since(self):
        return f"{time.monotonic() - self.begun:.0f} s"

    def play(self):
        hosts, writers = self.hosts, self.writers
        admitted = self.store.refuses(hosts[0].name)
        check(not admitted, f"the store lets in {'; '.join(admitted)}")
        # One whose certificate has expired. Its lines wait.
        late = hosts[-1]
        late.new_certificate("--days", "0")
        for host in hosts:
            host.start()
        writers.allow(0.4)
        writers.start()
        self.kill_all()
        count = self.store.one(f"SELECT count(*) FROM rand_guard.lines WHERE host = '{late.name}'")
        check(count == 0, f"{late.name} has an expired certificate, and {count} lines of it are here")
        late.new_certificate()
        writers.until(0.4)
        self.store_away()
        writers.until(0.65)
        self.links_cut()
        self.across_an_end()
        writers.allow(1.0)
        writers.join()
        if writers.error is not None:
            raise writers.error
        for writer in writers.writers:
            writer.end()
        say(f"all {writers.total()} lines are written after {self.since()}")
        self.wait_for(writers.total())
        # Behind the last line come ends of segments, and lines for the second time.
        ends = sum(written.segments for writer in writers.writers for written in writer.boots.values())
        until = time.monotonic() + 60
        while self.store.one("SELECT count(DISTINCT (boot_id, first_seq)) FROM rand_guard.segments") < ends:
            check(time.monotonic() < until, f"not all {ends} ends of segments have come")
            time.sleep(1)
        say(f"and here after {self.since()}")
        # A host that was taken over cannot replace what it has sent.
        for host, writer in zip(self.hosts, writers.writers):
            with open(f"{host.log}/events-{writer.boot_id}-{1:012}.ndjson", encoding="utf-8") as file:
                self.store.send(host.name, file.readline().rstrip("}\n") + ',"other":true}')

    def wait_for(self, lines):
        until = time.monotonic() + 120 + lines / 500
        # Different ones are counted only when as many may be there: that makes the store merge.
        while self.store.sent() < lines or self.store.there() < lines:
            check(time.monotonic() < until, f"{self.store.there()} of {lines} lines have come")
            time.sleep(0.5)

    def kill_all(self):
        """Every shipper, and the store: at any moment, or when lines are committed and that is not yet said."""
        for kill in range(self.given.kills):
            self.writers.until(0.05 + 0.3 * kill / self.given.kills)
            for host in random.sample(self.hosts, len(self.hosts)):
                host.kill()
                host.start()
            if kill % 2 == 0:
                self.store.end_unanswered(self.write_one)
            else:
                time.sleep(random.random())
                self.store.kill()
            time.sleep(random.random())
            self.store.start()
        say(f"{sum(host.kills for host in self.hosts)} kills of syslog-ng, {self.store.kills} of the store; "
            f"{self.store.there()} of {self.writers.total()} lines are here after {self.since()}")

    def write_one(self):
        with self.writers.lock:
            self.writers.writers[0].write(1)

    def store_away(self):
        """It is away, and a shipper is killed meanwhile."""
        self.writers.allow(0.65)
        self.store.kill()
        time.sleep(self.given.away / 2)
        self.hosts[0].kill()
        self.hosts[0].start()
        time.sleep(self.given.away / 2)
        self.store.start()
        with self.writers.lock:
            lines, alerts = self.writers.total(), self.alerts()
        begun = time.monotonic()
        waiting = lines - self.store.there()
        here = "SELECT count(DISTINCT (boot_id, seq)) FROM rand_guard.lines WHERE event_type = 'alert'"
        while self.store.one(here) < alerts:
            check(time.monotonic() < begun + 300, f"not all {alerts} alerts have come")
            time.sleep(0.5)
        alerts_seconds = time.monotonic() - begun
        self.wait_for(lines)
        seconds = time.monotonic() - begun
        say(f"the store was away for {self.given.away} s; then all alerts were here after {alerts_seconds:.1f} s, "
            f"and {waiting} lines after {seconds:.1f} s, {waiting / seconds:.0f} a second")

    def alerts(self):
        return sum(written.alerts for writer in self.writers.writers for written in writer.boots.values())

    def links_cut(self):
        self.writers.allow(0.75)
        cut = self.hosts[::2]
        for host in cut:
            host.cut()
        time.sleep(self.given.cut)
        for host in cut:
            host.join()
        self.writers.until(0.75)
        say(f"{len(cut)} links were cut for {self.given.cut} s")

    def across_an_end(self):
        """A shipper is away while a segment is ended; hosts start anew, lose lines, and have their analyzer killed."""
        host, writers = self.hosts[0], self.writers.writers
        host.end()
        ended = writers[0].events.ended
        self.writers.allow(0.9)
        while writers[0].events.ended == ended:
            check(writers[0].total < int(self.given.lines * 0.9), "no segment was ended while the shipper was away")
            time.sleep(0.05)
        host.start()
        self.writers.until(0.9)
        for number, writer in enumerate(writers):
            writer.say("health", status="ok", mode="detect", rule_set_hash="a1",
                       collector={"version": f"1.{number}", "kernel_release": "6.1"})
        ends = {"remote_addr": "10.77.1.2", "remote_port": 22, "local_addr": "10.77.1.1", "local_port": 40000}
        writers[0].say("network_connect", process_id="one", **ends)
        writers[1].say("network_accept", process_id="two",
                       remote_addr=ends["local_addr"], remote_port=ends["local_port"],
                       local_addr=ends["remote_addr"], local_port=ends["remote_port"])
        writers[1].boot()
        writers[2 % len(writers)].lose(random.randrange(1, 5000))
        writers[-1].tear()
        time.sleep(2)
        writers[-1].mend()
        say(f"{host.name}: its shipper was away while a segment was ended")

    def compare(self):
        """Each line is there once, as it was written."""
        here = {row["boot_id"]: row for row in self.store.boots()}
        wrong = []
        print("       host     boot       written      here  kills", flush=True)
        for host, writer in zip(self.hosts, self.writers.writers):
            for boot, written in writer.boots.items():
                row = here.pop(boot, None)
                if row is None:
                    wrong.append(f"{host.name}: none of {written.lines} lines of boot {boot} is here")
                    continue
                print(f"       {host.name}  {boot[:8]} {written.lines:9} {int(row['lines']):9} {host.kills:6}",
                      flush=True)
                for key in ("first", "last", "lines", "bytes", "alerts"):
                    want = getattr(written, key)
                    if int(row[key]) != want:
                        wrong.append(f"{host.name}: {key} of boot {boot} is {row[key]}, and {want} was written")
                if int(row["sum"]) % SUM != written.sum:
                    wrong.append(f"{host.name}: lines of boot {boot} are not as they were written")
                if row["host"] != host.name:
                    wrong.append(f"{host.name}: boot {boot} is here as that of {row['host']}")
        wrong += [f"boot {boot} was never written: {row}" for boot, row in here.items()]
        check(not wrong, "\n".join(wrong))
        total = self.writers.total()
        alerts = self.alerts()
        # Alerts come by two ways.
        again = self.store.sent() - total - alerts
        check(again >= 0, f"all {total} lines and {alerts} alerts are here, and {again + total + alerts} have come")
        check(again > 0 or not self.store.unanswered, "no line has come twice, and inserts were not answered")
        if self.store.kind == "clickhouse":
            self.store.ask("OPTIMIZE TABLE rand_guard.lines FINAL")
        merged = self.store.one("SELECT count(*) FROM rand_guard.lines")
        check(merged == total, f"merged, {merged} rows are left of {total} lines")
        unreadable = self.store.ask("SELECT * FROM rand_guard.unreadable")
        check(not unreadable, f"there are unreadable lines: {unreadable[:5]}")
        say(f"{total} lines were written, {merged} are here: 0 are lost, 0 are there twice; {again} had come twice, "
            f"besides {alerts} alerts by their two ways")

    def ask(self):
        """The questions that packaging/fleet has, whose answers are known here."""
        store, queries = self.store, self.store.queries
        boots = {boot: (host.name, written) for host, writer in zip(self.hosts, self.writers.writers)
                 for boot, written in writer.boots.items()}

        rows = {row["boot_id"]: row for row in store.ask(queries["completeness"])}
        check(rows.keys() == boots.keys(), f"completeness knows {len(rows)} boots")
        for boot, (host, written) in boots.items():
            row = {key: int(rows[boot][key]) for key in ("first", "last", "there", "missing", "named", "lost")}
            want = {"first": 1, "last": written.last, "there": written.lines, "missing": written.named,
                    "named": written.named, "lost": 0}
            check(row == want, f"completeness of {host}: {row}, and it is {want}")
        check(sum(written.named for _, written in boots.values()) > 0, "no loss line names anything")
        check(not store.ask(queries["segments"]), f"segments that are incomplete: {store.ask(queries['segments'])}")
        ends = store.one("SELECT count(DISTINCT (boot_id, first_seq)) FROM rand_guard.segments")
        check(ends == sum(written.segments for _, written in boots.values()), f"{ends} ends of segments")

        techniques = sum((written.techniques for _, written in boots.values()), Counter())
        answer = {row["technique"]: int(row["alerts"]) for row in store.ask(queries["techniques"])}
        check(answer == techniques and answer, f"alerts by technique are {answer}, and it is {techniques}")
        root = store.ask("SELECT parent_process_id AS id, count(DISTINCT process_id) AS n FROM rand_guard.lines "
                         "WHERE event_type = 'process_start' AND parent_process_id IN "
                         "(SELECT process_id FROM rand_guard.lines WHERE event_type = 'process_start') "
                         "GROUP BY parent_process_id ORDER BY n DESC LIMIT 1")[0]
        tree = store.ask(queries["tree"], process_id=root["id"])
        children = {row["process_id"] for row in tree if int(row["depth"]) == 1}
        check(len(children) == int(root["n"]) and tree[0]["process_id"] == root["id"], f"tree of {root}: {tree[:3]}")
        check(len(store.ask(queries["talkers"])) == 50, "talkers")
        # All of them, because the last line of a host may well have come two minutes ago.
        silent = store.ask(queries["silent"].replace("> 120", "> -1").replace("'2 minutes'", "'-1 minutes'"))
        check({row["host"] for row in silent} == {host.name for host in self.hosts}, f"silent: {silent}")
        if "checksum" in queries:
            for end in store.ask("SELECT boot_id, first_seq FROM rand_guard.segments ORDER BY first_seq LIMIT 20"):
                row = store.ask(queries["checksum"], **end)[0]
                check(int(row["same"]) == 1, f"checksum of the segment {end}: {row}")
        versions = {row["host"]: row["version"] for row in store.ask(queries["versions"])}
        check(versions == {host.name: f"1.{number}" for number, host in enumerate(self.hosts)}, f"versions: {versions}")
        hops = [(row["from_host"], row["from_process"], row["to_host"], row["to_process"])
                for row in store.ask(queries["hops"])]
        check(hops == [(self.hosts[0].name, "one", self.hosts[1].name, "two")], f"hops: {hops}")
        # This ClickHouse has no users, so that each line was brought by the same one; PostgreSQL knows who it was.
        forged = {row["host"] for row in store.ask(queries["forged"])}
        check(forged == (set(versions) if store.kind == "clickhouse" else set()), f"forged: {forged}")
        self.measure(store.ask(queries["disk"]))

        # A line that is missing is seen.
        boot, (host, written) = max(boots.items(), key=lambda item: item[1][1].lines)
        store.forget(boot, 41, 43)
        lost = [(row["host"], int(row["lost"])) for row in store.ask(queries["completeness"]) if int(row["lost"])]
        check(lost == [(host, 3)], f"three lines of {host} are removed, and missing are {lost}")
        gap = [(int(row["first"]), int(row["last"])) for row in store.ask(queries["gaps"], host=host)
               if row["boot_id"] == boot]
        check((41, 43) in gap, f"three lines of {host} are removed, and its gaps are {gap}")
        segments = [(row["boot_id"], int(row["written"]) - int(row["there"])) for row in store.ask(queries["segments"])]
        check(segments == [(boot, 3)], f"three lines of {host} are removed, and incomplete segments are {segments}")
        say("three lines that are removed are missed")

    def measure(self, disk):
        lines = sum(int(row["lines"]) for row in disk)
        written = sum(part.bytes for writer in self.writers.writers for part in writer.boots.values())
        on_disk = sum(int(row["on_disk"]) for row in disk)
        say(f"a line has {written / lines:.0f} bytes, and {on_disk / lines:.1f} on the store's disk")

    def verify(self, program):
        """The segments are what the analyzer's own check calls whole."""
        for host in self.hosts:
            done = subprocess.run([program, "verify", *glob.glob(f"{host.log}/events-*.ndjson")],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            check(done.returncode == 0, f"{host.name}: rand-guard verify says {done.returncode}: {done.stdout}")
        say("rand-guard verify finds the segments whole")
